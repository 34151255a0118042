import Primitives

/// Rules for names sent to Docker.
///
/// Docker resolves prefixes of ids, removes `..` from paths, reserves some network names and accepts hostnames that DNS
/// cannot resolve. Adapters therefore check each name before a call.
package enum DockerNames {
    /// Returns whether `text` is a full container id: 64 lower-case hex digits.
    package static func isContainerID(_ text: String) -> Bool {
        Hex.isSHA256(text.utf8)
    }

    /// Returns whether `text` is a full image id: `sha256:` and 64 lower-case hex digits.
    package static func isImageID(_ text: String) -> Bool {
        text.hasPrefix("sha256:") && isContainerID(String(text.dropFirst("sha256:".count)))
    }

    /// Returns whether Docker accepts `text` as a container name. A name has 2 characters or more.
    package static func isContainerName(_ text: String) -> Bool {
        (2...255).contains(text.utf8.count) && isName(text)
    }

    /// Returns whether Docker could read `text` as the beginning of another container's id.
    package static func looksLikeIDPrefix(_ text: String) -> Bool {
        text.utf8.count < 64 && text.utf8.allSatisfy(\.isLowerHexDigit)
    }

    /// Returns whether a user-defined network may have the name. Docker's own networks and another container's network
    /// (`container:…`) are excluded.
    package static func isNetwork(_ text: String) -> Bool {
        (2...128).contains(text.utf8.count) && isName(text) && !["host", "none", "bridge", "default"].contains(text)
    }

    /// Returns whether DNS resolves the name: a single label of RFC 1123 in lower case.
    package static func isHostname(_ text: String) -> Bool {
        guard (1...63).contains(text.utf8.count), text.first != "-", text.last != "-" else { return false }
        return text.utf8.allSatisfy { $0.isLowerOrDigit || $0 == UInt8(ascii: "-") }
    }

    /// Returns whether `text` is the name of a signal, with or without `SIG`, or a signal number.
    package static func isSignal(_ text: String) -> Bool {
        (1...16).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isDigit || $0.isUpper || "+-".utf8.contains($0) }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isLetterOrDigit else { return false }
        return text.utf8.allSatisfy { $0.isLetterOrDigit || "_.-".utf8.contains($0) }
    }
}

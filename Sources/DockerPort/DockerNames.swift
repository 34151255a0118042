/// Which names Docker takes for what they seem to be. It resolves prefixes of ids, cleans `..` from paths, keeps
/// some names for networks of its own and accepts hostnames that nobody can resolve, so names are checked before
/// they are sent.
package enum DockerNames {
    /// A full container id: 64 lower-case hex digits.
    package static func isContainerID(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy(isHex)
    }

    /// A full image id: `sha256:` and 64 lower-case hex digits.
    package static func isImageID(_ text: String) -> Bool {
        text.hasPrefix("sha256:") && isContainerID(String(text.dropFirst("sha256:".count)))
    }

    /// A container name as Docker takes it, two characters at least.
    package static func isContainerName(_ text: String) -> Bool {
        (2...255).contains(text.utf8.count) && isName(text)
    }

    /// Whether Docker could take the name for the beginning of another container's id.
    package static func looksLikeIDPrefix(_ text: String) -> Bool {
        text.utf8.count < 64 && text.utf8.allSatisfy(isHex)
    }

    /// A name that a user-defined network may have: none of Docker's own, and no other container's.
    package static func isNetwork(_ text: String) -> Bool {
        (2...128).contains(text.utf8.count) && isName(text) && !["host", "none", "bridge", "default"].contains(text)
    }

    /// A name that DNS resolves: one label of RFC 1123 in lower case.
    package static func isHostname(_ text: String) -> Bool {
        guard (1...63).contains(text.utf8.count), text.first != "-", text.last != "-" else { return false }
        return text.utf8.allSatisfy { isDigit($0) || isLower($0) || $0 == UInt8(ascii: "-") }
    }

    /// The name of a signal, with or without `SIG`, or its number.
    package static func isSignal(_ text: String) -> Bool {
        (1...16).contains(text.utf8.count)
            && text.utf8.allSatisfy { isDigit($0) || isUpper($0) || "+-".utf8.contains($0) }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isDigit(first) || isLower(first) || isUpper(first) else { return false }
        return text.utf8.allSatisfy { isDigit($0) || isLower($0) || isUpper($0) || "_.-".utf8.contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLower(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

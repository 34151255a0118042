import Primitives

/// The syntax of the contract's identifiers.
package enum Syntax {
    /// Returns whether a text is 1 to 128 of `A-Z a-z 0-9 . _ : -`, without the prefix `invalid:`.
    package static func isJobID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && !text.hasPrefix(invalidIDPrefix)
            && text.utf8.allSatisfy {
                $0.isLetterOrDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":")
                    || $0 == UInt8(ascii: "-")
            }
    }

    /// Returns whether a text is 1 to 51 of `a-z 0-9 -`, with a letter or digit first and last.
    package static func isGameID(_ text: String) -> Bool {
        guard (1...51).contains(text.utf8.count), let first = text.utf8.first, let last = text.utf8.last else {
            return false
        }
        return first.isLowerOrDigit && last.isLowerOrDigit
            && text.utf8.allSatisfy { $0.isLowerOrDigit || $0 == UInt8(ascii: "-") }
    }

    /// Returns whether a text is the name of a signing key: 1 to 64 of `A-Z a-z 0-9 _ . -`.
    static func isKeyName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                $0.isLetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            }
    }

    /// Returns whether a text is the full id of a container: 64 hex digits.
    package static func isContainerID(_ text: String) -> Bool {
        Hex.isSHA256(text.utf8)
    }

    /// Returns whether a text is the name of an environment variable: `[A-Za-z_][A-Za-z0-9_]*`.
    package static func isEnvironmentName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !first.isDigit else {
            return false
        }
        return text.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "_") }
    }

    /// Returns whether a label's name is reserved for rtmanager or Docker, or would clash with an attribute of Docker's
    /// events.
    package static func isReservedLabel(_ name: String) -> Bool {
        reservedLabelNames.contains(name) || reservedLabelPrefixes.contains { name.startsWithBytes(of: $0) }
    }

    /// The prefix of the id for a message without a usable id.
    package static let invalidIDPrefix = "invalid:"

    private static let reservedLabelPrefixes = ["com.galaxy.", "com.docker.", "io.docker.", "org.dockerproject."]
    private static let reservedLabelNames: Set<String> = ["exitCode", "signal", "execID", "name", "image"]

    /// Returns whether a text is a W3C trace context: `00-<32 hex>-<16 hex>-<2 hex>`, without an id of zeros.
    ///
    /// A later version may append more parts. These parts must not contain spaces.
    static func isTraceparent(_ text: String) -> Bool {
        guard text.utf8.count <= 256 else { return false }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            parts[3].utf8.count == 2
        else { return false }
        guard parts[0] != "ff", parts[0] != "00" || parts.count == 4 else { return false }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
        return parts[0...3].allSatisfy { $0.utf8.allSatisfy(\.isLowerHexDigit) }
            && parts[1].contains { $0 != "0" } && parts[2].contains { $0 != "0" }
    }
}

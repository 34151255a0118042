import Primitives
// The character rules that several messages and settings share.

func isLetterOrDigit(_ byte: UInt8) -> Bool {
    isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
}

func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// Lower case only: Docker writes ids and digests so.
func isHexadecimal(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// The forms of the identifiers of the contract.
package enum Syntax {
    /// 1 to 128 of `A-Z a-z 0-9 . _ : -`, not beginning with `invalid:`.
    package static func isJobID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && !text.hasPrefix(invalidIDPrefix)
            && text.utf8.allSatisfy {
                isLetterOrDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ":")
                    || $0 == UInt8(ascii: "-")
            }
    }

    /// 1 to 51 of `a-z 0-9 -`, begins and ends with a letter or digit.
    package static func isGameID(_ text: String) -> Bool {
        guard (1...51).contains(text.utf8.count), let first = text.utf8.first, let last = text.utf8.last else {
            return false
        }
        return isLowerOrDigit(first) && isLowerOrDigit(last)
            && text.utf8.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// The name of a signing key: 1 to 64 of `A-Z a-z 0-9 _ . -`.
    static func isKeyName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            }
    }

    /// The full id of a container: 64 hex digits.
    package static func isContainerID(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy(isHexadecimal)
    }

    /// The name of an environment variable: `[A-Za-z_][A-Za-z0-9_]*`.
    package static func isEnvironmentName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// Whether a label's name belongs to us or to Docker, or is one that Docker's events mistake for their own.
    package static func isReservedLabel(_ name: String) -> Bool {
        reservedLabelNames.contains(name) || reservedLabelPrefixes.contains { name.startsWithBytes(of: $0) }
    }

    /// Begins the id under which a message without a usable id of its own ends.
    package static let invalidIDPrefix = "invalid:"

    private static let reservedLabelPrefixes = ["com.galaxy.", "com.docker.", "io.docker.", "org.dockerproject."]
    private static let reservedLabelNames: Set<String> = ["exitCode", "signal", "execID", "name", "image"]

    /// W3C trace context, version 00: `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros. What a later version adds
    /// has no spaces either.
    static func isTraceparent(_ text: String) -> Bool {
        guard text.utf8.count <= 256 else { return false }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            parts[3].utf8.count == 2
        else { return false }
        guard parts[0] != "ff", parts[0] != "00" || parts.count == 4 else { return false }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
        return parts[0...3].allSatisfy { $0.utf8.allSatisfy(isHexadecimal) }
            && parts[1].contains { $0 != "0" } && parts[2].contains { $0 != "0" }
    }
}

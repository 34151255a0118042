import DockerPort
import JobContract
import Logging
import Primitives
import RuntimeCore

/// Parsers for the text of settings. A parser returns nil if the text is not allowed.
package enum SettingRule {
    /// Accepts a URL of Redis: `redis://` or `rediss://` with a host, or `unix://` with an absolute path.
    package static func redisURL(_ text: String) -> String? {
        guard let mark = text.firstRange(of: "://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            return nil
        }
        let rest = text[mark.upperBound...]
        switch text[..<mark.lowerBound].lowercased() {
        case "redis", "rediss":
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
            return host.isEmpty || host.hasPrefix(":") ? nil : text
        case "redis+sentinel", "rediss+sentinel":
            return rest.wholeMatch(of: #/[^\/?]+\/[^\/?]+(\/[0-9]*)?(\?.*)?/#) == nil ? nil : text
        case "unix":
            return rest.hasPrefix("/") && rest.count > 1 ? text : nil
        default:
            return nil
        }
    }

    /// Accepts a name of an ACL user of Redis: printable ASCII without spaces.
    package static func userName(_ text: String) -> String? {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? text : nil
    }

    /// Returns whether `text` consists of 1 to `length` letters, digits and characters of `others`.
    package static func word(_ text: some StringProtocol, _ others: String, upTo length: Int) -> Bool {
        (1...length).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isLetterOrDigit || others.utf8.contains($0) }
    }

    /// Parses a list with commas. `part` parses each part, without blanks around the part. No part may occur twice.
    package static func list<Part: Equatable>(_ text: String, part: (String) -> Part?) -> [Part]? {
        guard !text.isEmpty else { return [] }
        var parts: [Part] = []
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let value = part(trimmed(piece)), !parts.contains(value) else { return nil }
            parts.append(value)
        }
        return parts
    }

    package static func queues(_ text: String) -> [String]? {
        list(text) { word($0, "_.-", upTo: 64) ? $0 : nil }
    }

    /// Returns a parser for whole numbers of `range` in decimal digits.
    package static func number(_ range: ClosedRange<Int>) -> @Sendable (String) -> Int? {
        { text in
            guard let value = DecimalNumber.integer(text), range.contains(value) else { return nil }
            return value
        }
    }

    /// Parses a number of CPUs. Docker would take a smaller number as "unlimited".
    package static func cpus(_ text: String) -> Double? {
        guard let value = DecimalNumber.fraction(text), ResourceBounds.settableCPUs.contains(value) else { return nil }
        return value
    }

    /// Parses an amount of memory that a container may have.
    package static func memory(_ text: String) -> MemorySize? {
        guard let amount = MemorySize(text), amount.bytes >= ResourceBounds.leastMemory.bytes else { return nil }
        return amount
    }

    /// The values that ``cpus(_:)`` parses, in words.
    package static let allowedCPUs =
        "a number of CPUs from \(ResourceBounds.settableCPUs.lowerBound) to \(Int(ResourceBounds.settableCPUs.upperBound))"
    /// The values that ``memory(_:)`` parses, in words.
    package static let allowedMemory =
        "a whole number with a unit (512m, 2g), \(ResourceBounds.leastMemory.text) or more"
    /// The allowed limits on processes, in words.
    package static let allowedPIDs =
        "a whole number from \(ResourceBounds.pids.lowerBound) to \(ResourceBounds.pids.upperBound)"

    package static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1", "yes": true
        case "false", "0", "no": false
        default: nil
        }
    }

    /// Accepts the name of a user-defined network. Docker's own networks do not resolve names.
    package static func network(_ text: String) -> String? {
        guard let first = text.utf8.first, first.isLetterOrDigit, text.utf8.count >= 2, word(text, "_.-", upTo: 63),
            !["none", "host", "bridge", "default"].contains(text)
        else { return nil }
        return text
    }

    /// Accepts the beginning of a DNS label, short enough to leave space for a game's id.
    package static func namePrefix(_ text: String) -> String? {
        guard let first = text.utf8.first, first.isLetterOrDigit, word(text, "-", upTo: 61), text == text.lowercased()
        else { return nil }
        return text
    }

    /// Accepts an absolute path other than `/`, without control characters and without `.` or `..` as a part.
    package static func directory(_ text: String) -> String? {
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 4096,
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { return nil }
        let parts = pathComponents(text)
        guard !parts.isEmpty, !parts.contains("."), !parts.contains("..") else { return nil }
        return "/" + parts.joined(separator: "/")
    }

    /// Accepts `user[:group]`. Each part is a number or a name.
    package static func owner(_ text: String) -> String? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { isAccount($0) } ? text : nil
    }

    /// Parses permission bits of 3 or 4 octal digits.
    package static func mode(_ text: String) -> UInt32? {
        guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return UInt32(text, radix: 8)
    }

    /// Parses `host:port`. An IPv6 address needs brackets.
    package static func address(_ text: String) -> HTTPAddress? {
        guard let colon = text.lastIndex(of: ":"),
            let port = number(0...65_535)(String(text[text.index(after: colon)...]))
        else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]"), host.utf8.contains(UInt8(ascii: ":")) {
            let inner = host.dropFirst().dropLast()
            return word(inner, ":.%", upTo: 64) ? HTTPAddress(host: String(inner), port: port) : nil
        }
        return word(host, ".-_", upTo: 253) ? HTTPAddress(host: String(host), port: port) : nil
    }

    /// Parses a directory for the mounts of jobs: `PATH` or `PATH:ro`.
    package static func mountRoot(_ text: String) -> MountRoot? {
        let isReadOnly = text.hasSuffix(":ro")
        let path = isReadOnly ? String(text.dropLast(3)) : text
        // Docker separates a mount's host path from its options by a colon.
        guard !path.utf8.contains(UInt8(ascii: ":")) else { return nil }
        return directory(path).map { MountRoot($0, isReadOnly: isReadOnly) }
    }

    /// Accepts a glob of image references or label names, without blanks. ``list(_:part:)`` has already split the text
    /// at commas.
    package static func glob(_ text: String) -> String? {
        (1...512).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? text : nil
    }

    package static func logLevel(_ text: String) -> Logger.Level? { Logger.Level(rawValue: text.lowercased()) }

    /// Accepts an `http://` or `https://` address without user, query and fragment.
    static func httpURL(_ text: String) -> String? {
        guard let mark = text.firstRange(of: "://"), ["http", "https"].contains(text[..<mark.lowerBound].lowercased())
        else { return nil }
        let rest = text[mark.upperBound...]
        let isPlain = rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } && !rest.contains { "@?#".contains($0) }
        return isPlain && !rest.isEmpty && !rest.hasPrefix("/") && !rest.hasPrefix(":") ? text : nil
    }

    static func filePath(_ text: String) -> String? {
        text.isEmpty || text.utf8.contains(where: { $0 < 0x20 }) ? nil : text
    }

    /// Returns whether `text` is a valid number or name of a user or group.
    private static func isAccount(_ text: Substring) -> Bool {
        guard let first = text.utf8.first else { return false }
        if text.utf8.allSatisfy(\.isDigit) { return UInt32(text).map { $0 < .max } ?? false }
        return (first.isLetterOrDigit && !first.isDigit || first == UInt8(ascii: "_")) && word(text, "_.-", upTo: 32)
    }
}

/// Returns `text` without blanks, tabs and carriage returns at both ends.
package func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" || character == "\r" }
    let begin = text.drop(while: isBlank)
    guard let last = begin.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(begin[...last])
}

/// The name of an image, in its parts: `registry.example:5000/team/engine:1.2@sha256:…`.
///
/// What Docker would take for the id of an image (`sha256:…`, 64 hex digits) is no reference here: an id
/// names bytes without saying whose they are.
package struct ImageReference: Sendable, Hashable {
    /// Registry and repository, as written: `registry.example:5000/team/engine`.
    package let repository: String
    /// Tag; `latest` where the text had neither tag nor digest.
    package let tag: String?
    /// Digest: `sha256:` and 64 hex digits.
    package let digest: String?

    /// Parses `text`; nil where Docker would refuse it as a reference, or take it for an image's id.
    package init?(_ text: String) {
        guard text.utf8.count <= 512 else { return nil }
        var rest = Substring(text)
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            let tail = rest[rest.index(after: at)...]
            guard Self.isDigest(tail) else { return nil }
            digest = String(tail)
            rest = rest[..<at]
        }
        var tag: String?
        // A colon before the last slash belongs to the port of the registry.
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            let tail = rest[rest.index(after: colon)...]
            guard Self.isTag(tail) else { return nil }
            tag = String(tail)
            rest = rest[..<colon]
        }
        guard Self.isRepository(rest) else { return nil }
        self.repository = String(rest)
        self.digest = digest
        self.tag = tag ?? (digest == nil ? "latest" : nil)
    }
}

extension ImageReference: CustomStringConvertible {
    /// The reference with its tag or digest written out.
    package var description: String {
        repository + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
    }
}

extension ImageReference {
    private static func isDigest(_ text: Substring) -> Bool {
        let prefix = "sha256:"
        guard text.hasPrefix(prefix) else { return false }
        let hex = text.dropFirst(prefix.count)
        return hex.utf8.count == 64 && hex.utf8.allSatisfy(isLowerHex)
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
        guard isAlphanumeric(first) || first == UInt8(ascii: "_") else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    private static func isRepository(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 255, text != "sha256" else { return false }
        var components = text.split(separator: "/", omittingEmptySubsequences: false)
        if components.count == 1, text.utf8.count == 64, text.utf8.allSatisfy(isLowerHex) { return false }
        if components.count > 1, isRegistry(components[0]) { components.removeFirst() }
        return components.allSatisfy(isPathComponent)
    }

    /// A first component is a registry where it could not be a path: it has a dot, a port or is `localhost`.
    private static func isRegistry(_ text: Substring) -> Bool {
        guard text.contains(".") || text.contains(":") || text == "localhost" else { return false }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            let digits = parts[1].utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard digits, let port = UInt16(parts[1]), port > 0 else { return false }
        }
        return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Lower-case letters and digits, in groups with `.`, `_`, `__` or dashes between them.
    private static func isPathComponent(_ text: Substring) -> Bool {
        var separator: [UInt8] = []
        var inWord = false
        for byte in text.utf8 {
            if isLowerAlphanumeric(byte) {
                guard separator.isEmpty || isSeparator(separator) else { return false }
                separator = []
                inWord = true
            } else {
                guard inWord || !separator.isEmpty else { return false }
                separator.append(byte)
                inWord = false
            }
        }
        return inWord
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        let dot = UInt8(ascii: ".")
        let low = UInt8(ascii: "_")
        return bytes == [dot] || bytes == [low] || bytes == [low, low] || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

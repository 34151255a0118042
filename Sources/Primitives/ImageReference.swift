/// A reference to an image, such as `registry.example:5000/team/engine:1.2` or `engine@sha256:…`.
///
/// A reference always has a tag or a digest: without either, Docker would pull every tag of the repository. A text that
/// Docker would take for an image's id is no reference: an id names bytes and does not say whose they are.
package struct ImageReference: Sendable, Hashable {
    /// The registry's host and port; nil if the text names no registry. Docker then asks its Hub.
    package let registry: String?
    /// The path of the repository, without the registry.
    package let path: String
    /// The tag; `latest` if the text has neither a tag nor a digest.
    package let tag: String?
    /// The digest: `sha256:` and 64 hex digits.
    package let digest: String?
    /// Whether a host can have the name of the registry; true if the text names no registry.
    ///
    /// Docker takes `my.team_x/engine` for a path, because no host has an underscore in its name. A person reads `my.team_x` as
    /// a registry, so jobs may not name such an image.
    package let hasValidRegistry: Bool

    /// The registry and the path, without tag and digest.
    package var repository: String { (registry.map { $0 + "/" } ?? "") + path }
}

extension ImageReference: CustomStringConvertible {
    /// The reference with its tag or digest written out.
    package var description: String {
        repository + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
    }
}

extension ImageReference {
    private typealias Bytes = Substring.UTF8View

    private static let mostBytes = 512
    private static let mostRepositoryBytes = 255
    private static let mostTagBytes = 128

    /// Parses `text`. Returns nil if Docker would refuse the text as a reference, or take it for an image's id.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.mostBytes else { return nil }
        var rest = text.utf8[...]
        let digest = Self.cutTail(of: &rest, at: rest.firstIndex(of: UInt8(ascii: "@")))
        var colon = rest.lastIndex(of: UInt8(ascii: ":"))
        // A colon before the last slash belongs to the port of the registry.
        if let place = colon, rest[place...].contains(UInt8(ascii: "/")) { colon = nil }
        let tag = Self.cutTail(of: &rest, at: colon)
        guard rest.count <= Self.mostRepositoryBytes else { return nil }
        var registry: Bytes?
        if let slash = rest.firstIndex(of: UInt8(ascii: "/")), Self.isMeantAsRegistry(rest[..<slash]) {
            registry = rest[..<slash]
            rest = rest[rest.index(after: slash)...]
        }
        hasValidRegistry = registry.map(Self.isRegistry) ?? true
        guard hasValidRegistry || registry.map(Self.isPathComponent) ?? true, Self.isPath(rest),
            tag.map(Self.isTag) ?? true,
            digest.map(Self.isDigest) ?? true, registry != nil || !Self.isImageID(rest)
        else { return nil }
        self.registry = registry.map { String(Substring($0)) }
        self.path = String(Substring(rest))
        self.tag = tag.map { String(Substring($0)) } ?? (digest == nil ? "latest" : nil)
        self.digest = digest.map { String(Substring($0)) }
    }

    /// Takes the separator at `index` and the text behind it off `rest`. Returns the text behind the separator.
    private static func cutTail(of rest: inout Bytes, at index: Bytes.Index?) -> Bytes? {
        guard let index else { return nil }
        defer { rest = rest[..<index] }
        return rest[rest.index(after: index)...]
    }

    private static func isMeantAsRegistry(_ component: Bytes) -> Bool {
        component.contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }
            || component.elementsEqual("localhost".utf8)
    }

    /// Docker takes 64 hex digits for an id, and `sha256:` for the beginning of an id.
    private static func isImageID(_ path: Bytes) -> Bool {
        path.elementsEqual("sha256".utf8) || Hex.isSHA256(path)
    }

    /// Labels of a host's name, and optionally a port.
    private static func isRegistry(_ text: Bytes) -> Bool {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return false }
        if parts.count == 2 {
            guard parts[1].allSatisfy(\.isDigit), let port = UInt16(Substring(parts[1])), port > 0 else { return false }
        }
        let dash = UInt8(ascii: "-")
        return parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.first != dash && label.last != dash
                && label.allSatisfy { $0.isLetterOrDigit || $0 == dash }
        }
    }

    private static func isPath(_ text: Bytes) -> Bool {
        text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy(isPathComponent)
    }

    /// Lower-case letters and digits, in groups with `.`, `_`, `__` or dashes between them.
    private static func isPathComponent(_ text: Bytes) -> Bool {
        guard let first = text.first, let last = text.last, first.isLowerOrDigit, last.isLowerOrDigit else {
            return false
        }
        return text.split(whereSeparator: \.isLowerOrDigit).allSatisfy { separator in
            separator.elementsEqual(".".utf8) || separator.elementsEqual("_".utf8) || separator.elementsEqual("__".utf8)
                || separator.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }

    private static func isTag(_ text: Bytes) -> Bool {
        guard let first = text.first, first.isLetterOrDigit || first == UInt8(ascii: "_") else { return false }
        return text.count <= mostTagBytes && text.allSatisfy { $0.isLetterOrDigit || "_.-".utf8.contains($0) }
    }

    private static func isDigest(_ text: Bytes) -> Bool {
        let prefix = "sha256:".utf8
        return text.starts(with: prefix) && Hex.isSHA256(text.dropFirst(prefix.count))
    }
}

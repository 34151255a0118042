/// An image reference such as `registry.example:5000/team/engine:1.2` or `engine@sha256:…`.
///
/// A reference always has a tag or a digest. Without them, Docker would pull every tag of the repository.
public struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// The registry's host and port; nil if the reference names no registry, which means Docker Hub.
    public let registry: String?
    /// The repository path, without the registry.
    public let path: String
    public let tag: String?
    /// `sha256:` and 64 hex digits.
    public let digest: String?

    /// Parses a reference. Without a tag and a digest, the tag becomes `latest`.
    ///
    /// Returns nil for references that Docker refuses or takes for an image id.
    public init?(_ text: String) {
        guard text.utf8.count <= 512, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        var rest = text[...]
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        var registry: String?
        if let slash = rest.firstIndex(of: "/") {
            let first = rest[..<slash]
            if first.contains(".") || first.contains(":") || first == "localhost" {
                registry = String(first)
                rest = rest[rest.index(after: slash)...]
            }
        }
        if let registry, !Self.isRegistry(registry) { return nil }
        guard Self.isPath(rest), tag.map(Self.isTag) ?? true, digest.map(Self.isDigest) ?? true else { return nil }
        guard (registry.map { $0.utf8.count + 1 } ?? 0) + rest.utf8.count <= 255 else { return nil }
        // Docker takes 64 hex digits for an image id, and `sha256:` for the prefix of an image id.
        if registry == nil, rest == "sha256" || rest.utf8.count == 64 && rest.utf8.allSatisfy(isHexadecimal) {
            return nil
        }
        self.registry = registry
        path = String(rest)
        self.tag = tag ?? (digest == nil ? "latest" : nil)
        self.digest = digest
    }

    /// The registry and the path, without tag and digest.
    public var repository: String { (registry.map { $0 + "/" } ?? "") + path }

    public var description: String {
        repository + (tag.map { ":" + $0 } ?? "") + (digest.map { "@" + $0 } ?? "")
    }

    private static func isRegistry(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, !host.isEmpty else { return false }
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(parts[1]), port > 0 else {
                return false
            }
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
                && label.first != "-" && label.last != "-"
        }
    }

    /// Returns whether a path has components of lower case letters and digits, separated by `.`, `_`, `__` or any
    /// number of `-`.
    private static func isPath(_ text: Substring) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 255 else { return false }
        return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { component in
            guard let first = component.utf8.first, let last = component.utf8.last,
                isLowerOrDigit(first), isLowerOrDigit(last)
            else { return false }
            var separator = ""
            for character in component {
                if character.utf8.allSatisfy(isLowerOrDigit) {
                    separator = ""
                    continue
                }
                separator.append(character)
                guard separator == "." || separator == "_" || separator == "__" || separator.allSatisfy({ $0 == "-" })
                else { return false }
            }
            return true
        }
    }

    private static func isTag(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first,
            isLetterOrDigit(first) || first == UInt8(ascii: "_")
        else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D }
    }

    private static func isDigest(_ text: String) -> Bool {
        text.hasPrefix("sha256:") && text.utf8.count == 71 && text.utf8.dropFirst(7).allSatisfy(isHexadecimal)
    }
}

import JobContract
import Primitives

/// An operator's pattern of allowed images. The pattern must match the whole reference.
///
/// No wildcard matches `@`. A reference with a digest runs the digest's image, regardless of the tag. Only a pattern
/// with its own `@` may allow a digest.
struct ImagePattern {
    private let text: String

    init(_ text: String) { self.text = text }

    func allows(_ image: ImageReference) -> Bool {
        guard Glob(text, excluding: [UInt8(ascii: "@")]).matches(image.description) else { return false }
        guard let host = Self.localHost(of: image) else { return true }
        // Operators write `**` for names of registries, not for a server at an IP address or on the Docker Engine's
        // machine.
        let first = text.prefix { $0 != "/" }
        return first.count < text.count && Self.host(of: first) == host
    }

    /// Returns whether an image may run without patterns of the operator. Only images of registries at an IP address or
    /// at this machine may not.
    static func isAllowedByDefault(_ image: ImageReference) -> Bool { localHost(of: image) == nil }

    /// Returns the host of the image's registry, in lower case, if the host is an IP address or this machine.
    private static func localHost(of image: ImageReference) -> String? {
        guard let registry = image.registry else { return nil }
        let host = host(of: registry[...])
        let names = host.split(separator: ".")
        guard let last = names.last else { return nil }
        // As in URLs: a host with a numeric last part is an IPv4 address, in any base.
        let isAddress = last.utf8.allSatisfy(\.isDigit) || last.hasPrefix("0x")
        let isLocal =
            ["localhost", "ip6-localhost", "ip6-loopback"].contains(last)
            || names.starts(with: ["localhost", "localdomain"])
        return isAddress || isLocal ? host : nil
    }

    private static func host(of registry: Substring) -> String {
        registry.prefix { $0 != ":" }.lowercased()
    }
}

import JobContract

/// One of the patterns of images that an operator allows, over the whole reference.
///
/// No wildcard stands for `@`: a reference with a digest runs that digest whatever its tag says, so only a pattern with
/// an `@` of its own allows one.
struct ImagePattern {
    private let text: String

    init(_ text: String) { self.text = text }

    func allows(_ image: ImageReference) -> Bool {
        guard Glob(text, excluding: [UInt8(ascii: "@")]).matches(image.description) else { return false }
        guard let host = Self.localHost(of: image) else { return true }
        // `**` is written with names in mind, not with whatever listens on the Engine's machine or beside it.
        let first = text.prefix { $0 != "/" }
        return first.count < text.count && Self.host(of: first) == host
    }

    /// Whether an image may run where the operator has named none: all but those of registries at addresses.
    static func isAllowedByDefault(_ image: ImageReference) -> Bool { localHost(of: image) == nil }

    /// The registry's host where it is an IP address or this machine, in lower case.
    private static func localHost(of image: ImageReference) -> String? {
        guard let registry = image.registry else { return nil }
        let host = host(of: registry[...])
        let names = host.split(separator: ".")
        guard let last = names.last else { return nil }
        // As URLs are read: a host whose last part is a number is an IPv4 address, in whatever base.
        let isAddress = last.utf8.allSatisfy { (0x30...0x39).contains($0) } || last.hasPrefix("0x")
        let isLocal =
            ["localhost", "ip6-localhost", "ip6-loopback"].contains(last)
            || names.starts(with: ["localhost", "localdomain"])
        return isAddress || isLocal ? host : nil
    }

    private static func host(of registry: Substring) -> String {
        registry.prefix { $0 != ":" }.lowercased()
    }
}

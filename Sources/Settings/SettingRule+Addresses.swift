import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension SettingRule {
    /// Parses `HOST` or `HOST:FIRST-LAST`.
    package static func advertisedHost(_ text: String) -> AdvertisedHost? {
        let end: String.Index
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            end = text.index(after: bracket)
        } else {
            end = text.firstIndex(of: ":") ?? text.endIndex
        }
        let (host, rest) = (String(text[..<end]), text[end...])
        guard isHost(host) else { return nil }
        guard !rest.isEmpty else { return AdvertisedHost(host: host) }
        let bounds = rest.dropFirst().split(separator: "-", omittingEmptySubsequences: false)
            .map { number(1...65_535)(String($0)) }
        guard rest.first == ":", bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last else {
            return nil
        }
        return AdvertisedHost(host: host, ports: first...last)
    }

    /// Accepts an IPv4 or IPv6 address.
    package static func ipAddress(_ text: String) -> String? {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1 ? text : nil
    }

    /// Returns whether a text is a host name, an IPv4 address, or an IPv6 address in brackets.
    private static func isHost(_ text: String) -> Bool {
        if text.hasPrefix("[") {
            let address = String(text.dropFirst().dropLast())
            return text.hasSuffix("]") && address.contains(":") && ipAddress(address) != nil
        }
        return word(text, ".-", upTo: 253) && text.utf8.first?.isLetterOrDigit == true
    }
}

/// URLs as messages and logs may show them: without user, password, query, and whatever may be one of these in a URL that is
/// not well-formed.
package enum MaskedURL {
    private static let schemes: Set<Substring> = [
        "redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix", "http", "https", "tcp", "ssh", "npipe", "fd",
    ]

    /// `redis://user:secret@host/0?x=y` as `redis://***@host/0?***`. Where the parts cannot be told apart, nothing but the
    /// scheme is shown, and without one nothing at all.
    package static func mask(_ url: String) -> String {
        guard let mark = url.firstRange(of: "://"), schemes.contains(Substring(url[..<mark.lowerBound].lowercased()))
        else {
            // What stands behind the last @ is the host, with or without a scheme.
            guard let at = url.lastIndex(of: "@"), isAddress(url[url.index(after: at)...]) else { return "***" }
            return "***" + url[at...]
        }
        let scheme = url[..<mark.upperBound]
        let rest = url[mark.upperBound...]
        let query = rest.firstIndex { $0 == "?" || $0 == "#" }
        let at = rest.lastIndex(of: "@")
        if let query, let at, query < at { return scheme + "***" }
        let address = rest[(at.map { rest.index(after: $0) } ?? rest.startIndex)..<(query ?? rest.endIndex)]
        guard isAddress(address) else { return scheme + "***" }
        return scheme + (at == nil ? "" : "***@") + address + (query == nil ? "" : "?***")
    }

    /// `text` with every URL in it masked.
    package static func maskAll(in text: String) -> String {
        guard text.contains("://") else { return text }
        return text.replacing(#/[A-Za-z][A-Za-z0-9+.\-]*:\/\/[^\s"'`<>]*/#) { match in
            match.output.contains("@") || match.output.contains("?") ? mask(String(match.output)) : String(match.output)
        }
    }

    /// Whether it is `host`, `host:port` or nothing, and a path: a password that has lost its @ is rarely one of these.
    private static func isAddress(_ text: Substring) -> Bool {
        let host = text.prefix { $0 != "/" }
        let path = text[host.endIndex...]
        return host.wholeMatch(of: #/(?:[A-Za-z0-9._\-]*|\[[0-9A-Fa-f:.]*\])(?::[0-9]{0,5})?/#) != nil
            && path.wholeMatch(of: #/[A-Za-z0-9._\-\/]*/#) != nil
    }
}

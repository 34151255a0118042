/// Hides secrets in URLs for messages and logs: user, password and query.
///
/// If a URL is malformed, the masked form leaves out every part with a possible secret.
package enum MaskedURL {
    private static let schemes: Set<Substring> = [
        "redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix", "http", "https", "tcp", "ssh", "npipe", "fd",
    ]

    /// Returns `url` without its secrets: `redis://user:secret@host/0?x=y` becomes `redis://***@host/0?***`.
    ///
    /// If the parts are ambiguous, the result shows only the scheme. Without a known scheme, the result shows only the
    /// address after the last `@`, or `***` if there is no such address.
    package static func mask(_ url: String) -> String {
        guard let mark = url.firstRange(of: "://"), schemes.contains(Substring(url[..<mark.lowerBound].lowercased()))
        else {
            // The text after the last @ is the host, with or without a scheme.
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

    /// Returns `text` with masked URLs. URLs without `@` and `?` stay unchanged.
    package static func maskAll(in text: String) -> String {
        guard text.contains("://") else { return text }
        return text.replacing(#/[A-Za-z][A-Za-z0-9+.\-]*:\/\/[^\s"'`<>]*/#) { match in
            match.output.contains("@") || match.output.contains("?") ? mask(String(match.output)) : String(match.output)
        }
    }

    /// Returns whether `text` is `host`, `host:port` or nothing, followed by a path. A password without its `@` rarely
    /// has this form.
    private static func isAddress(_ text: Substring) -> Bool {
        let host = text.prefix { $0 != "/" }
        let path = text[host.endIndex...]
        return host.wholeMatch(of: #/(?:[A-Za-z0-9._\-]*|\[[0-9A-Fa-f:.]*\])(?::[0-9]{0,5})?/#) != nil
            && path.wholeMatch(of: #/[A-Za-z0-9._\-\/]*/#) != nil
    }
}

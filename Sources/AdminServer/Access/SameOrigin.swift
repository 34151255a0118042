/// Whether a request that changes something comes from a page of this server.
///
/// A page of another site can make a browser send such a request. The browser then says so in a header that no page can
/// set.
enum SameOrigin {
    /// - Parameters:
    ///   - fetchSite: the header `Sec-Fetch-Site` (Fetch Metadata); nil from programs and from old browsers.
    ///   - origin: the header `Origin` (RFC 6454).
    ///   - authority: the header `Host`.
    static func allows(fetchSite: String?, origin: String?, authority: String?) -> Bool {
        if let fetchSite { return fetchSite == "same-origin" || fetchSite == "none" }
        guard let origin else { return true }
        guard let authority, let scheme = ["http://", "https://"].first(where: origin.hasPrefix) else { return false }
        return origin.dropFirst(scheme.count).lowercased() == authority.lowercased()
    }
}

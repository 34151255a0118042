import Testing

@testable import AdminServer

@Suite("Access to the server")
struct AccessTests {
    @Test(
        "is what the token is for, and never more than the settings allow",
        arguments: [
            (AccessRules(), nil, Access.read), (AccessRules(allowsActions: true), nil, .act),
            (AccessRules(token: "s3cret-1"), nil, nil), (AccessRules(token: "s3cret-1"), "s3cret-1", .read),
            (AccessRules(token: "s3cret-1", allowsActions: true), "s3cret-1", .act),
            (AccessRules(token: "s3cret-1", readToken: "s3cret-2", allowsActions: true), "s3cret-2", .read),
            (AccessRules(token: "s3cret-1", readToken: "s3cret-2", allowsActions: true), "s3cret-1", .act),
            (AccessRules(token: "s3cret-1", readToken: "s3cret-2", allowsActions: true), "", nil),
            (AccessRules(token: "s3cret-1", allowsActions: true), "s3cret-", nil),
            (AccessRules(token: "s3cret-1", allowsActions: true), "s3cret-11", nil),
        ] as [(AccessRules, String?, Access?)]
    )
    func rules(rules: AccessRules, token: String?, access: Access?) {
        #expect((token.map { rules.access(with: $0) } ?? rules.withoutToken) == access)
    }

    @Test(
        "reads a token from a header of either form",
        arguments: [
            ("Bearer abc", "", "abc"), ("bearer abc", "", "abc"), ("Basic YW5uOmFiYw==", "ann", "abc"),
            ("basic OmE6Yg==", "", "a:b"), ("Basic YW5u", nil, nil), ("Basic !", nil, nil), ("Basic", nil, nil),
            ("Digest x", nil, nil), ("abc", nil, nil), ("", nil, nil), ("Basic /w==", nil, nil),
        ] as [(String, String?, String?)]
    )
    func headers(header: String, name: String?, token: String?) {
        let credentials = Credentials(header: header)
        #expect(credentials?.name == name && credentials?.token == token)
    }

    @Test(
        "to change something is refused to the pages of other sites",
        arguments: [
            ("same-origin", nil, true), ("none", nil, true), ("same-site", nil, false), ("cross-site", nil, false),
            ("cross-site", "http://ops:8081", false), (nil, "http://ops:8081", true), (nil, "https://OPS:8081", true),
            (nil, "http://ops", false), (nil, "null", false), (nil, "http://evil/ops:8081", false), (nil, nil, true),
        ] as [(String?, String?, Bool)]
    )
    func origins(site: String?, origin: String?, isAllowed: Bool) {
        #expect(SameOrigin.allows(fetchSite: site, origin: origin, authority: "ops:8081") == isAllowed)
    }

    @Test(
        "leads after the login to a page of this server only",
        arguments: [
            ("/games?q=x", "/games?q=x"), ("//evil", "/"), ("/\\evil", "/"), ("https://evil", "/"), ("", "/"),
            ("/a b", "/"), ("/a\r\nSet-Cookie: x", "/"),
        ]
    )
    func pages(asked: String, page: String) { #expect(LoginForm.page(asked) == page) }
}

@Suite("The table of sessions")
struct SessionTableTests {
    private let now = ContinuousClock.now

    private func session(_ access: Access = .act) -> SessionTable.Session {
        SessionTable.Session(access: access, name: "ann", formSecret: "f", since: now)
    }

    @Test("forgets a session after twelve hours, and at the end")
    func ends() {
        var table = SessionTable()
        table.open("a", session())
        table.open("b", session(.read))
        #expect(table.session("a", now: now) == session() && table.session("b", now: now)?.access == .read)
        #expect(table.session("a", now: now.advanced(by: SessionTable.longest)) == nil)
        #expect(table.session("", now: now) == nil && table.session("c", now: now) == nil)
        table.close("a")
        table.close("a")
        #expect(table.session("a", now: now) == nil && table.count == 1)
    }

    @Test("is bounded, and loses the oldest session first")
    func bounded() {
        var table = SessionTable()
        for number in 0...SessionTable.limit { table.open("\(number)", session()) }
        #expect(table.count == SessionTable.limit)
        #expect(table.session("0", now: now) == nil && table.session("1", now: now) != nil)
    }
}

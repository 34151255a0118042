import Testing

@testable import AdminServer

@Suite("The token of HTTP requests")
struct TokenTests {
    @Test(
        "Only the whole token passes",
        arguments: [
            ("Bearer s3cret-token", true), ("Bearer s3cret-toke", false), ("Bearer s3cret-tokens", false),
            ("bearer s3cret-token", false), ("s3cret-token", false), ("", false), ("Bearer ", false),
        ]
    )
    func passes(header: String, passes: Bool) { #expect(BearerToken("s3cret-token").bears(header) == passes) }
}

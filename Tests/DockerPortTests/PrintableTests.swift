import Testing

@testable import DockerPort

@Suite("Text of the Docker Engine")
struct PrintableTests {
    @Test("is bounded in bytes, and cut between scalars")
    func bytes() {
        #expect(printable(String(repeating: "€", count: 100), limit: 10) == "€€€")
        #expect(printable("a" + String(repeating: "\u{301}", count: 1_000), limit: 5).utf8.count == 5)
        #expect(printable("plain", limit: 5) == "plain")
        let error = DockerError(.engineError, operation: "run", message: String(repeating: "😀", count: 1_000))
        #expect(error.message.utf8.count == 1_024)
    }

    @Test("has no control characters, and is one line")
    func controls() {
        #expect(printable("a\u{1B}[31m\n\u{202E}\u{9B}\u{2028}b") == "a [31m    b")
    }
}

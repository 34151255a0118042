import JobQueue
import QueueAdmin
import Testing

@Suite("Patterns and begins of ids")
struct IDPatternTests {
    @Test(
        "a pattern matches the whole id",
        arguments: [
            ("lobby", "lobby", true), ("lobby", "lobby-1", false), ("*", "", true), ("*", "x", true), ("", "", true),
            ("", "x", false), ("a*", "arena-7", true), ("a*", "b", false), ("*-7", "arena-7", true),
            ("*-7", "arena-77", false), ("a*n*7", "arena-7", true), ("a?ena-*", "arena-", true), ("?", "", false),
            ("??", "ab", true), ("*a*a*a", "aa", false), ("*a*a*a", "baaba", true), ("a[b]", "ab", false),
        ]
    )
    func matches(pattern: String, id: String, expected: Bool) {
        #expect(IDPattern(pattern).matches(id) == expected)
        #expect(IDPattern(pattern).isPlain == !pattern.contains { "*?".contains($0) })
    }

    @Test("a hostile pattern ends soon")
    func hostile() {
        let pattern = IDPattern(String(repeating: "*a", count: 25) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 51)))
    }

    @Test(
        "the begin of a node's id does not cut a number in two",
        arguments: [
            ("host1", "host1", true), ("host1", "host10", false), ("host", "host10", true), ("host1", "host1-b", true),
            ("UDBL", "UDBL:7OIH", true), ("UDBL:7", "UDBL:7OIH", true), ("udbl", "UDBL:7OIH", false),
        ]
    )
    func prefixes(text: String, id: String, expected: Bool) {
        #expect(JobQueue.isPrefix(text, of: id) == expected)
    }
}

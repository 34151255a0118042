import Testing

@testable import Terminal

@Suite("Text in lines, and short ids")
struct WrapTests {
    @Test(
        "lines end between words; a word that is too long is divided",
        arguments: [
            ("", 10, 10, [""]), ("one two", 10, 10, ["one two"]), ("one two", 5, 5, ["one", "two"]),
            ("one two three", 3, 9, ["one", "two three"]), ("abcdefgh", 3, 3, ["abc", "def", "gh"]),
            ("abcdef x", 3, 8, ["", "abcdef x"]), ("a bcdef", 4, 3, ["a", "bcd", "ef"]),
        ]
    )
    func wraps(text: String, first: Int, rest: Int, lines: [String]) {
        #expect(TextWrap.lines(text, first: first, rest: rest) == lines)
    }

    @Test("no character but spaces is lost, and no line is too long", arguments: 1...40)
    func whole(width: Int) {
        let text = "image_pull_failed: registry.example/engine:1.4 has not answered within thirty seconds"
        let lines = TextWrap.lines(text, first: width, rest: width)
        #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
        for line in lines { #expect(line.count <= width) }
    }

    @Test(
        "a UUID is shown by its first part, and any other id whole",
        arguments: [
            ("4cca044b-0f1e-4d2c-9b3a-1234567890ab", "4cca044b"), ("job-17", "job-17"), ("", ""),
            ("4cca044b-0f1e-4d2c-9b3a-1234567890ag", "4cca044b-0f1e-4d2c-9b3a-1234567890ag"),
        ]
    )
    func ids(id: String, short: String) { #expect(ShortID.text(id) == short) }
}

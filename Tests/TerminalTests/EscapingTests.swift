import Testing

@testable import Terminal

@Suite("Escapes of foreign text")
struct EscapingTests {
    @Test(
        "harmful characters become escapes, and all other text stays",
        arguments: [
            ("plain ä 漢 👍🏽", "plain ä 漢 👍🏽"), ("a\nb\rc\td", #"a\nb\rc\td"#), ("a\r\nb", #"a\r\nb"#),
            ("\u{0}\u{7}\u{1B}[2J", #"\u0000\u0007\u001b[2J"#),
            ("\u{7F}\u{80}\u{9B}\u{9F}\u{A0}", "\\u007f\\u0080\\u009b\\u009f\u{A0}"),
            ("\u{61C}\u{200E}\u{200F}", #"\u061c\u200e\u200f"#), ("\u{2027}\u{2028}\u{2029}", "\u{2027}\\u2028\\u2029"),
            ("\u{202A}\u{202E}\u{202F}", "\\u202a\\u202e\u{202F}"),
            ("\u{2065}\u{2066}\u{2069}\u{206A}", "\u{2065}\\u2066\\u2069\u{206A}"),
            ("e\u{301}\u{1B}\u{301}", "e\u{301}\\u001b\u{301}"), (#""\"#, #""\"#), ("", ""),
        ]
    )
    func escapes(text: String, expected: String) {
        #expect(EscapedText.escape(text, quotes: false) == expected)
        #expect(TerminalText(text).text == expected && TerminalText(json: text).text == expected)
    }

    @Test(
        "in a JSON string quotes and backslashes are escaped, too",
        arguments: [
            ("", #""""#), (#"say "hi""#, #""say \"hi\"""#), (#"a\b"#, #""a\\b""#), ("\u{1}\n", #""\u0001\n""#),
            ("{\"a\":1}", #""{\"a\":1}""#),
        ]
    )
    func json(text: String, expected: String) { #expect(EscapedText.json(text) == expected) }

    @Test(
        "a text is cut between two scalars, with three dots",
        arguments: [
            ("abc", 3, "abc"), ("abcd", 3, "abc..."), ("äö", 3, "ä..."), ("äö", 4, "äö"), ("👍", 3, "..."),
            ("a", 0, "..."),
            ("", 0, ""), ("e\u{301}x", 1, "e..."), ("a\r\nb", 2, "a\r..."),
        ]
    )
    func cuts(text: String, limit: Int, expected: String) { #expect(EscapedText.cut(text, to: limit) == expected) }

    @Test("literals of the program stay, and everything put into them is escaped")
    func interpolation() {
        let name = "a\u{1B}[2J\nb"
        let bold: TerminalText = "\u{1B}[1m\(name)\u{1B}[0m\n"
        #expect(bold.text == "\u{1B}[1ma\\u001b[2J\\nb\u{1B}[0m\n")
        #expect(TerminalText("\(bold)x").text == "\u{1B}[1ma\\u001b[2J\\nb\u{1B}[0m\nx")
        #expect(("n = \(3), \(true)" as TerminalText).text == "n = 3, true")
        let (tab, bell) = ("\t", "\u{7}")
        #expect(("a" + TerminalText(tab)).text == "a\\t" && bold.description == bold.text)
        var sum: TerminalText = "a"
        sum += TerminalText(bell)
        #expect(sum == "a\\u0007" && sum.count == 7)
        #expect(TerminalText.spaces(2) == "  " && TerminalText.spaces(-1) == "")
        #expect([sum, "b", ""].joined(by: ", ") == "a\\u0007, b, " && [TerminalText]().joined(by: ",") == "")
    }

    @Test(
        "a page keeps its line feeds, and nothing else",
        arguments: [
            ("a\nb", "a\nb"), ("a\r\nb", "a\\r\nb"), ("\n\n", "\n\n"), ("a\u{2028}b\u{1B}", "a\\u2028b\\u001b"),
            ("", ""),
        ]
    )
    func pages(page: String, expected: String) { #expect(TerminalText(lines: page).text == expected) }

    @Test("a value of each kind as JSON on one line")
    func nodes() {
        let node = JSONNode.object([
            ("s", .string("\u{202E}")), ("i", .integer(-5)), ("b", .boolean(false)), ("none", nil), ("a", .array([])),
            ("o", .object([])), ("m", .strings(["b": "2", "a": "1"])), ("t\"", .time(0)),
        ])
        let text =
            #"{"s":"\u202e","i":-5,"b":false,"a":[],"o":{},"m":{"a":"1","b":"2"},"#
            + #""t\"":"1970-01-01T00:00:00.000Z"}"#
        #expect(node.text == text && node.line.text == text)
        #expect(JSONNode.object([("a", nil)]) == .object([]) && JSONNode.integer(1) != .string("1"))
    }
}

@Suite("Colours")
struct PainterTests {
    @Test(
        "each style has its code on a terminal with colours, and none elsewhere",
        arguments: [
            (TextStyle.heading, "1"), (.dim, "2"), (.good, "32"), (.notable, "33"), (.bad, "31"), (.accent, "36"),
        ]
    )
    func styles(style: TextStyle, code: String) {
        #expect(Painter(isColored: true).paint("x", style).text == "\u{1B}[\(code)mx\u{1B}[0m")
        #expect(Painter().paint("x", style) == "x")
    }

    @Test("plain and empty text has no codes")
    func plain() {
        #expect(Painter(isColored: true).paint("x", .plain) == "x" && Painter(isColored: true).paint("", .bad) == "")
        #expect(Surface.plain == Surface(width: nil, height: nil, painter: Painter(isColored: false)))
    }
}

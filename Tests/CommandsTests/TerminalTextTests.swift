import Foundation
import JobContract
import Logging
import Primitives
import Redis
import Support
import Testing

@testable import AdminServer
@testable import Commands
@testable import Observability
@testable import Terminal

@Suite("Escapes of text for a terminal")
struct TerminalTextTests {
    @Test("interpolated text is escaped, and the program's own text is not", arguments: hostileTexts)
    func escapes(text: String) {
        let whole: TerminalText = "\u{1B}[1mgame\n\(text), \(Substring(text)), \(Optional(text) ?? "")"
        #expect(whole.text.hasPrefix("\u{1B}[1mgame\n"))
        for form in [
            TerminalText(text), TerminalText(json: JSONNode.string(text).text), "\(text)", "\([text].joined())",
            JSONNode.strings([text: text]).line, Painter(isColored: false).paint("\(text)", .bad),
            CommandError.failed(text).text, CommandError.outOfReach(text).text, [TerminalText(text)].joined(by: ", "),
        ] { expectHarmless(form.text, "\(form)") }
        expectHarmless(String(whole.text.dropFirst(9)), "the rest")
    }

    @Test("JSON keeps the text", arguments: hostileTexts)
    func json(text: String) throws {
        let line = JSONNode.strings(["x": text]).line.text
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(object?["x"] == text)
        #expect(!line.contains("\n"))
    }

    @Test("help and problems of settings keep their line breaks, and no other control character")
    func lines() {
        #expect(TerminalText(lines: "a\n  b\u{1B}\r\n").text == "a\n  b\\u001b\\r\n")
        #expect(CommandError.wrongUse("a\n  b").text == "Error: a\n  b")
        #expect(CommandError.failed("a\nb").text == "Error: a\\nb")
    }

    @Test("the page in a browser has no character that changes the direction of writing", arguments: hostileTexts)
    func html(text: String) { expectHarmless(HTMLText.escape(text), "HTML") }

    @Test("a log entry is one line", arguments: hostileTexts)
    func log(text: String) {
        let line = LogLine(
            time: .init(seconds: 0),
            level: .error,
            label: text,
            message: text,
            metadata: [text: .string(text), "list": [.string(text), ["k": .string(text)]]]
        )
        for form in [line.text(colored: false), line.json()] {
            expectHarmless(form.text, "the log")
            #expect(!form.text.contains("\n"))
        }
    }
}

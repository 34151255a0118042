import Foundation
import Logging
import Primitives
import Synchronization
import Testing

@testable import Observability
@testable import Terminal

/// A line at a fixed time.
private func line(
    _ message: String,
    level: Logger.Level = .info,
    _ metadata: Logger.Metadata = [:]
) -> LogLine {
    LogLine(
        time: Timestamp(seconds: 1_777_777_777, nanoseconds: 123_999_999),
        level: level,
        label: "rtmanager",
        message: message,
        metadata: metadata
    )
}

/// A value that is no text, for the metadata.
private struct Shown: CustomStringConvertible, Sendable {
    var description: String
}

/// What a JSON line says.
private func parsed(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
}

@Suite("Log lines")
struct LogLineTests {
    @Test("Text has time, level, label, message and sorted metadata")
    func text() {
        let text = line("started", level: .notice, ["b": "two words", "a": "1", "c": "", "d": "x=\"y\""]).text(
            colored: false
        ).text
        #expect(
            text == #"2026-05-03T03:09:37.123Z NOTICE   rtmanager: started a=1 b="two words" c="" d="x=\"y\"""#
        )
    }

    @Test("Colours surround the text and change nothing else", arguments: Logger.Level.allCases)
    func colors(level: Logger.Level) throws {
        let entry = line("m", level: level, ["a": "1"])
        let colored = entry.text(colored: true).text
        #expect(colored.contains("\u{1b}["))
        #expect(colored.replacing(try Regex("\u{1b}\\[[0-9;]*m"), with: "") == entry.text(colored: false).text)
    }

    @Test("JSON is one object with the same fields")
    func json() throws {
        let object = try parsed(
            line("say \"hi\"", level: .error, ["n": .stringConvertible(3), "l": ["x", ["k": "v"]], "time": "mine"])
                .json().text
        )
        #expect(object["time"] as? String == "2026-05-03T03:09:37.123Z")
        #expect(object["level"] as? String == "error")
        #expect(object["logger"] as? String == "rtmanager")
        #expect(object["message"] as? String == "say \"hi\"")
        #expect(object["n"] as? String == "3")
        #expect((object["l"] as? [Any])?.first as? String == "x")
        #expect(object["metadata_time"] as? String == "mine")
    }

    @Test("Control characters and line breaks are escaped in both forms")
    func escapes() throws {
        let nasty = "a\nb\r\u{1b}[31m\u{0}\u{85}\u{2028}\u{202e}\u{7f}"
        let entry = line(nasty, [nasty: .string(nasty)])
        for text in [entry.text(colored: false).text, entry.json().text] {
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7f })
        }
        #expect(try parsed(entry.json().text)["message"] as? String == nasty)
        #expect(try parsed(entry.json().text)[nasty] as? String == nasty)
    }

    @Test("Secrets of URLs are not logged")
    func urls() {
        let url = "cannot reach redis://u:hunter2@h:1/0, http://h/x?key=hunter2"
        let entry = line(
            url,
            ["url": .string(url), "value": .stringConvertible(Shown(description: url)), "list": [.string(url)]]
        )
        for text in [entry.text(colored: false).text, entry.json().text] {
            #expect(!text.contains("hunter2") && text.contains("redis://***") && text.contains("http://h/x?***"))
        }
        #expect(line("see https://h/page, pull h:5000/x@sha256:0").text(colored: false).text.hasSuffix("x@sha256:0"))
    }

    @Test("Every entry is one line of bounded length")
    func bounds() throws {
        let long = String(repeating: "ü\u{1}", count: 100_000)
        var deep: Logger.MetadataValue = .string(long)
        for _ in 0..<50 { deep = .array([deep, .dictionary([long: deep])]) }
        var metadata: Logger.Metadata = ["many": .array(Array(repeating: .string(long), count: 1000))]
        for number in 0..<200 { metadata["k\(number)"] = .string(long) }
        for entry in [line(long, metadata), line("m", ["deep": deep])] {
            #expect(entry.text(colored: true).text.utf8.count < 64 << 10)
            let json = entry.json().text
            #expect(json.utf8.count < 64 << 10)
            _ = try parsed(json)
        }
        #expect(try parsed(line("m", metadata).json().text)["truncated"] as? Bool == true)
    }

    @Test("A text is cut between two characters", arguments: 0...9)
    func cuts(limit: Int) {
        let cut = EscapedText.cut("aü€😀", to: limit)
        #expect(["...", "a...", "aü...", "aü€..."].contains(cut))
        #expect(EscapedText.cut("aü€😀", to: 10) == "aü€😀")
    }
}

@Suite("The log handler")
struct LogHandlerTests {
    /// Lines that a handler has written.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private struct Failure: Error, CustomStringConvertible {
        var description: String { "no route" }
    }

    @Test("Metadata of logger, provider and entry are merged, and the nearest wins")
    func metadata() {
        let lines = Lines()
        var logger = Logger(label: "part") { label in
            StandardErrorLogHandler(
                label: label,
                level: .info,
                format: .text,
                metadataProvider: Logger.MetadataProvider { ["b": "provider", "c": "provider"] },
                now: { Timestamp(seconds: 0) },
                write: { lines.append($0.text) }
            )
        }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger.debug("not urgent enough")
        logger.info("m", metadata: ["c": "entry"])
        logger.error("m", error: Failure())
        #expect(
            lines.all == [
                "1970-01-01T00:00:00.000Z INFO     part: m a=logger b=provider c=entry",
                "1970-01-01T00:00:00.000Z ERROR    part: m a=logger b=provider c=provider error=\"no route\"",
            ]
        )
    }
}

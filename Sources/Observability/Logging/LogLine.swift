import Logging
import Primitives
import Terminal

/// An entry of the log, and its text on a single line.
struct LogLine: Sendable {
    /// The largest size of a message and of a metadata value, in bytes.
    static let maximumText = 4096
    /// The size at which a line takes no more metadata, in bytes.
    static let maximumLine = 16_384
    /// The largest number of shown elements in a list or dictionary, and the deepest nesting.
    static let maximumElements = 64
    static let maximumDepth = 4

    var time: Timestamp
    var level: Logger.Level
    /// The part of the program behind the entry.
    var label: String
    var message: String
    var metadata: Logger.Metadata

    /// The message without secrets of URLs, cut to its largest size.
    private var shownMessage: String { EscapedText.cut(MaskedURL.maskAll(in: message), to: LogLine.maximumText) }

    /// Returns the line for people: time, level, label and message, then `key=value` in the order of the keys.
    func text(colored: Bool) -> TerminalText {
        let paint = colored ? LogColor(level: level) : .none
        let name = "\(level)".uppercased()
        let padding = TerminalText.spaces(8 - name.utf8.count)
        var line: TerminalText = "\(paint.dim)\(time.rfc3339(fractionDigits: 3))\(paint.end) "
        line += "\(paint.level)\(name)\(paint.end)\(padding) \(label): "
        line += TerminalText(shownMessage)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            guard line.text.utf8.count < LogLine.maximumLine else {
                line += " \(paint.dim)truncated=\(paint.end)true"
                break
            }
            let shownKey = EscapedText.cut(EscapedText.escape(key, quotes: true), to: 128)
            line += " \(paint.dim)\(shownKey)=\(paint.end)\(LogLine.word(LogLine.plain(value, depth: 0)))"
        }
        return line
    }

    /// Returns the line for machines: a JSON object with `time`, `level`, `logger` and `message`, then the metadata in
    /// the order of the keys.
    func json() -> TerminalText {
        var line = "{\"time\":\"\(time.rfc3339(fractionDigits: 3))\",\"level\":\"\(level)\""
        line += ",\"logger\":\(EscapedText.json(label)),\"message\":"
        line += EscapedText.json(shownMessage)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            guard line.utf8.count < LogLine.maximumLine else {
                line += ",\"truncated\":true"
                break
            }
            let own = LogLine.ownKeys.contains(key) ? "metadata_" + key : EscapedText.cut(key, to: 128)
            line += ",\(EscapedText.json(own)):" + LogLine.jsonValue(value, depth: 0)
        }
        return TerminalText(json: line + "}")
    }

    private static let ownKeys: Set<String> = ["time", "level", "logger", "message", "truncated"]

    /// Returns `text` in its form after `key=`. Quotes surround a text with an unclear end.
    private static func word(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "\\" && $0 != "=" }
            && EscapedText.escape(text, quotes: true) == text
        return isPlain ? text : "\"" + EscapedText.escape(text, quotes: true) + "\""
    }

    private static func plain(_ value: Logger.MetadataValue, depth: Int) -> String {
        let text: String
        switch value {
        case .string(let string): text = MaskedURL.maskAll(in: string)
        case .stringConvertible(let convertible): text = MaskedURL.maskAll(in: convertible.description)
        case .array, .dictionary: text = jsonValue(value, depth: depth)
        }
        return EscapedText.cut(text, to: maximumText)
    }

    private static func jsonValue(_ value: Logger.MetadataValue, depth: Int) -> String {
        guard depth < maximumDepth else { return "\"...\"" }
        switch value {
        case .string, .stringConvertible:
            return EscapedText.json(plain(value, depth: depth))
        case .array(let values):
            return bounded(
                values.prefix(maximumElements).map { jsonValue($0, depth: depth + 1) },
                open: "[",
                close: "]"
            )
        case .dictionary(let values):
            let members = values.sorted { $0.key < $1.key }.prefix(maximumElements).map { key, value in
                EscapedText.json(EscapedText.cut(key, to: 128)) + ":" + jsonValue(value, depth: depth + 1)
            }
            return bounded(members, open: "{", close: "}")
        }
    }

    /// Joins `parts` up to the largest size of a metadata value. The function leaves out parts beyond that size.
    private static func bounded(_ parts: [String], open: String, close: String) -> String {
        var text = open
        for part in parts where text.utf8.count + part.utf8.count < maximumText {
            text += (text.utf8.count > 1 ? "," : "") + part
        }
        return text + close
    }
}

/// The terminal colours of a line.
private struct LogColor {
    static let none = LogColor(level: "", dim: "", end: "")

    var level: TerminalText
    var dim: TerminalText
    var end: TerminalText

    private init(level: TerminalText, dim: TerminalText, end: TerminalText) {
        self.level = level
        self.dim = dim
        self.end = end
    }

    init(level: Logger.Level) {
        let color: TerminalText =
            switch level {
            case .trace, .debug: "\u{1b}[2m"
            case .info: "\u{1b}[32m"
            case .notice: "\u{1b}[36m"
            case .warning: "\u{1b}[33m"
            case .error: "\u{1b}[31m"
            case .critical: "\u{1b}[1;31m"
            }
        self.init(level: color, dim: "\u{1b}[2m", end: "\u{1b}[0m")
    }
}

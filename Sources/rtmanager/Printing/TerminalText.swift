/// Text that may be written to a terminal.
///
/// Literals of this program stand as they are. All else is escaped as it is put in: control characters, line and
/// paragraph separators, and marks that change the direction of writing. A game's or a producer's text can thus neither
/// command the terminal nor pretend to be another line or field. There is no other way to stdout and stderr
/// (``StandardOutput``, ``StandardError``).
struct TerminalText: Sendable, Equatable, ExpressibleByStringInterpolation, CustomStringConvertible {
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ safe: TerminalText) { text += safe.text }

        mutating func appendInterpolation(_ foreign: some CustomStringConvertible) {
            text += EscapedText.escape(foreign.description, quotes: false)
        }
    }

    /// As it is written.
    private(set) var text: String

    /// Escapes `foreign`.
    init(_ foreign: some StringProtocol) { text = EscapedText.escape(String(foreign), quotes: false) }

    init(stringLiteral value: String) { text = value }

    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// A JSON document on one line. What could disturb a terminal stands in its strings only, where an escape means the
    /// same.
    init(json document: String) { text = EscapedText.escape(document, quotes: false) }

    /// Text of this program and of its libraries that has lines of its own, such as a help page: all but the line feeds
    /// is escaped.
    init(lines page: String) {
        // By bytes: "\r\n" is one character, and would hide its line feed.
        text = page.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { EscapedText.escape(String(Substring($0)), quotes: false) }.joined(separator: "\n")
    }

    var description: String { text }

    /// Characters, those of colours included.
    var count: Int { text.count }

    /// `count` spaces.
    static func spaces(_ count: Int) -> TerminalText { TerminalText(String(repeating: " ", count: max(0, count))) }

    static func + (left: TerminalText, right: TerminalText) -> TerminalText { "\(left)\(right)" }

    static func += (left: inout TerminalText, right: TerminalText) { left.text += right.text }
}

extension [TerminalText] {
    /// The parts with `separator` between them.
    func joined(by separator: TerminalText) -> TerminalText {
        enumerated().reduce(into: "") { text, part in
            if part.offset > 0 { text += separator }
            text += part.element
        }
    }
}

/// Text that may be written to a terminal.
///
/// Literals of this program stand as they are. All else is escaped as it is put in: control characters, line and
/// paragraph separators, and marks that change the direction of writing. A game's or a producer's text can thus neither
/// command the terminal nor pretend to be another line or field. There is no other way to stdout and stderr
/// (``StandardOutput``, ``StandardError``).
package struct TerminalText: Sendable, Equatable, ExpressibleByStringInterpolation, CustomStringConvertible {
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        package mutating func appendLiteral(_ literal: String) { text += literal }

        package mutating func appendInterpolation(_ safe: TerminalText) { text += safe.text }

        package mutating func appendInterpolation(_ foreign: some CustomStringConvertible) {
            text += EscapedText.escape(foreign.description, quotes: false)
        }
    }

    /// As it is written.
    package private(set) var text: String

    /// Escapes `foreign`.
    package init(_ foreign: some StringProtocol) { text = EscapedText.escape(String(foreign), quotes: false) }

    package init(stringLiteral value: String) { text = value }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// A JSON document on one line. What could disturb a terminal stands in its strings only, where an escape means the
    /// same.
    package init(json document: String) { text = EscapedText.escape(document, quotes: false) }

    /// Text of this program and of its libraries that has lines of its own, such as a help page: all but the line feeds
    /// is escaped.
    package init(lines page: String) {
        // By bytes: "\r\n" is one character, and would hide its line feed.
        text = page.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { EscapedText.escape(String(Substring($0)), quotes: false) }.joined(separator: "\n")
    }

    package var description: String { text }

    /// Characters, those of colours included.
    package var count: Int { text.count }

    /// `count` spaces.
    package static func spaces(_ count: Int) -> TerminalText {
        TerminalText(String(repeating: " ", count: max(0, count)))
    }

    package static func + (left: TerminalText, right: TerminalText) -> TerminalText { "\(left)\(right)" }

    package static func += (left: inout TerminalText, right: TerminalText) { left.text += right.text }
}

extension [TerminalText] {
    /// The parts with `separator` between them.
    package func joined(by separator: TerminalText) -> TerminalText {
        enumerated().reduce(into: "") { text, part in
            if part.offset > 0 { text += separator }
            text += part.element
        }
    }
}

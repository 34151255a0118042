/// Text that is safe to write to a terminal.
///
/// Literals of this program stay unchanged. All other text is escaped on insertion: control characters, line and
/// paragraph separators, and marks of the writing direction. Text of a game or producer can therefore neither command
/// the terminal nor imitate another line or field. ``StandardOutput`` and ``StandardError`` accept no other type.
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

    /// The escaped text, ready to write.
    package private(set) var text: String

    /// Creates a text by escaping `foreign`.
    package init(_ foreign: some StringProtocol) { text = EscapedText.escape(String(foreign), quotes: false) }

    package init(stringLiteral value: String) { text = value }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// Creates a text from a JSON document on a single line.
    ///
    /// Only the strings of a document can hold harmful characters. An escape in a string has the same meaning as the
    /// character.
    package init(json document: String) { text = EscapedText.escape(document, quotes: false) }

    /// Creates a text of several lines from this program or its libraries, such as a help page. The initializer escapes
    /// everything except line feeds.
    package init(lines page: String) {
        // Split by bytes: "\r\n" is a single Character and would hide its line feed.
        text = page.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { EscapedText.escape(String(Substring($0)), quotes: false) }.joined(separator: "\n")
    }

    package var description: String { text }

    /// The number of characters, including colour codes.
    package var count: Int { text.count }

    /// The number of characters without colour codes.
    package var visibleCount: Int {
        guard text.utf8.contains(0x1B) else { return text.count }
        return text.split(separator: "\u{1B}", omittingEmptySubsequences: false).enumerated().reduce(0) { sum, part in
            // All parts but the first begin with the rest of a colour code, up to its `m`.
            guard part.offset > 0, let end = part.element.firstIndex(of: "m") else { return sum + part.element.count }
            return sum + part.element[end...].count - 1
        }
    }

    /// Returns `count` spaces.
    package static func spaces(_ count: Int) -> TerminalText {
        TerminalText(String(repeating: " ", count: max(0, count)))
    }

    package static func + (left: TerminalText, right: TerminalText) -> TerminalText { "\(left)\(right)" }

    package static func += (left: inout TerminalText, right: TerminalText) { left.text += right.text }
}

extension [TerminalText] {
    /// Returns the parts, joined by `separator`.
    package func joined(by separator: TerminalText) -> TerminalText {
        enumerated().reduce(into: "") { text, part in
            if part.offset > 0 { text += separator }
            text += part.element
        }
    }
}

import Primitives

/// Functions for foreign text: escaped text cannot disturb a terminal or imitate another line.
package enum EscapedText {
    /// Returns `text` with escapes for control characters, line and paragraph separators, and marks of the writing
    /// direction.
    ///
    /// If `quotes` is true, the function also escapes `"` and `\`.
    package static func escape(_ text: String, quotes: Bool) -> String {
        guard text.unicodeScalars.contains(where: { mustEscape($0, quotes: quotes) }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            if mustEscape(scalar, quotes: quotes) {
                append(scalar, to: &escaped)
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Returns `text` as a JSON string in quotes. The function also escapes characters harmful to a terminal.
    package static func json(_ text: String) -> String { "\"" + escape(text, quotes: true) + "\"" }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "\n": text += "\\n"
        case "\r": text += "\\r"
        case "\t": text += "\\t"
        case "\"": text += "\\\""
        case "\\": text += "\\\\"
        default: text += JSONText.unicodeEscape(scalar)
        }
    }

    private static func mustEscape(_ scalar: Unicode.Scalar, quotes: Bool) -> Bool {
        switch scalar.value {
        case 0x00...0x1f, 0x7f...0x9f, 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        case 0x22, 0x5c: quotes
        default: false
        }
    }

    /// Returns at most `limit` bytes of `text`, cut between two Unicode scalars. Three dots mark a cut.
    package static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return text[..<end] + "..."
    }
}

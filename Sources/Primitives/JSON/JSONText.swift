/// Writes JSON. Equal values give equal text: the members of a dictionary are sorted, and nothing has spaces.
package enum JSONText {
    /// Returns `text` as a JSON string: in quotation marks, escaped.
    package static func string(_ text: String) -> String {
        var json = ""
        write(text, to: &json)
        return json
    }

    /// Appends `text` as a JSON string to `json`.
    static func write(_ text: String, to json: inout String) {
        json += "\""
        // Most texts need no escapes.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) {
            json += text
        } else {
            writeEscaped(text, to: &json)
        }
        json += "\""
    }

    private static func writeEscaped(_ text: String, to escaped: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case "\0"..<" ": escaped += unicodeEscape(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }

    /// Returns the escape `\uXXXX` of a scalar below U+10000.
    package static func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        "\\u" + Hex.string([UInt8(truncatingIfNeeded: scalar.value >> 8), UInt8(truncatingIfNeeded: scalar.value)])
    }

    /// Returns an array of strings.
    package static func array(_ strings: [String]) -> String {
        "[" + strings.map(string).joined(separator: ",") + "]"
    }

    /// Returns an object of strings.
    package static func object(_ strings: [String: String]) -> String { LabelMap(strings).json }

    /// Returns an object whose members are written already, in their order.
    package static func object(_ members: [(name: String, json: String)]) -> String {
        "{" + members.map { string($0.name) + ":" + $0.json }.joined(separator: ",") + "}"
    }

    /// Returns the strings of an object of strings; nil if `text` is none.
    package static func strings(_ text: String) -> LabelMap? {
        guard case .object(let members)? = try? StrictJSON.parse(Array(text.utf8)) else { return nil }
        var strings: [LabelMap.Element] = []
        for member in members {
            guard case .string(let value) = member.value else { return nil }
            strings.append((key: member.name, value: value))
        }
        return LabelMap(strings)
    }
}

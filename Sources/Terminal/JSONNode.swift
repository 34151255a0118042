import Primitives

/// A JSON value for `--output json`. Objects keep the order of their members.
package enum JSONNode: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case array([JSONNode])
    /// An object. The text leaves out members without a value.
    case object([(String, JSONNode?)])

    /// Returns a point in time as an RFC 3339 string.
    ///
    /// - Parameter milliseconds: Milliseconds since 1970.
    package static func time(_ milliseconds: Int64) -> JSONNode {
        .string(Timestamp(millisecondsSinceEpoch: milliseconds).rfc3339(fractionDigits: 3))
    }

    package static func strings(_ fields: [String: String]) -> JSONNode {
        .object(fields.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    /// The value as JSON on a single line.
    package var text: String {
        switch self {
        case .string(let text): EscapedText.json(text)
        case .integer(let number): String(number)
        case .boolean(let value): value ? "true" : "false"
        case .array(let nodes): "[" + nodes.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.compactMap { name, node in
                    node.map { EscapedText.json(name) + ":" + $0.text }
                }.joined(separator: ",") + "}"
        }
    }

    /// The value as a single line, ready to print.
    package var line: TerminalText { TerminalText(json: text) }

    package static func == (left: JSONNode, right: JSONNode) -> Bool { left.text == right.text }
}

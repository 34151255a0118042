import Primitives

/// What `--output json` prints: values whose members keep their order.
package enum JSONNode: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case array([JSONNode])
    /// Members that are nil are left out.
    case object([(String, JSONNode?)])

    /// A point in time, in milliseconds.
    package static func time(_ milliseconds: Int64) -> JSONNode {
        .string(Timestamp(millisecondsSinceEpoch: milliseconds).rfc3339(fractionDigits: 3))
    }

    package static func strings(_ fields: [String: String]) -> JSONNode {
        .object(fields.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    /// On one line.
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

    /// On one line, as it is printed.
    package var line: TerminalText { TerminalText(json: text) }

    package static func == (left: JSONNode, right: JSONNode) -> Bool { left.text == right.text }
}

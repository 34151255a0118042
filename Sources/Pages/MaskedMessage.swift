import Primitives
import Terminal

/// A message as the console shows it: without the values of `env`, which may be secrets, and without a signature.
enum MaskedMessage {
    private static let mask = "***"
    /// The largest size of the text, in bytes.
    private static let longest = 8_192

    /// Returns the message as JSON on one line, or a sentence if it is no JSON object.
    static func text(_ message: [UInt8]) -> String {
        guard case .object(let members)? = try? StrictJSON.parse(message) else {
            return "\(TextTable.grouped(message.count)) bytes without a JSON object"
        }
        return EscapedText.cut(JSONValue.object(members.map(masked)).text, to: longest)
    }

    private static func masked(_ member: JSONValue.Member) -> JSONValue.Member {
        switch (member.name, member.value) {
        case ("env", .object(let variables)):
            let hidden = variables.map { JSONValue.Member(name: $0.name, value: .string(mask)) }
            return .init(name: member.name, value: .object(hidden))
        case ("env", _), ("signature", _):
            return .init(name: member.name, value: .string(mask))
        // A signed message holds the job as a text.
        case ("job", .string(let job)):
            return .init(name: member.name, value: .string(text(Array(job.utf8))))
        default: return member
        }
    }
}

extension JobPage {
    /// The producer's message without secrets; nil: Redis no longer has it.
    package var maskedMessage: String? { message.map(MaskedMessage.text) }
}

/// The members of a JSON object in Redis, by name.
package struct JSONMembers: Sendable {
    private let values: [String: JSONValue]

    /// Reads a text; nil if the text is no object, for example after a change by hand.
    package init?(_ text: String) {
        guard case .object(let members)? = try? StrictJSON.parse(Array(text.utf8)) else { return nil }
        values = Dictionary(members.map { ($0.name, $0.value) }) { $1 }
    }

    /// Returns a string; nil for a missing member, or one of another type.
    package func string(_ name: String) -> String? {
        if case .string(let text)? = values[name] { text } else { nil }
    }

    /// Returns an integer; nil for a missing member, or one of another type.
    package func integer(_ name: String) -> Int64? {
        if case .integer(let number)? = values[name] { number } else { nil }
    }

    /// Returns the strings of an array, without its other elements; nil for a missing member, or one of another type.
    package func strings(_ name: String) -> [String]? {
        guard case .array(let elements)? = values[name] else { return nil }
        return elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
}

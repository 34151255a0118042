import Primitives

/// The hash of a job, with the meaning of its fields.
///
/// A live job has the facts of its admission and of its last claim as JSON in two fields. `Lua/jobs.lua` writes both
/// fields, and `docs/reference/keys.md` describes them.
package enum JobRecord {
    /// The field with the facts of the admission. Only a live job has this field.
    package static let live = "_job"
    /// The field with the facts of the last claim.
    package static let lease = "_lease"
    /// The container that the job asked to stop, with the facts of that request.
    static let stop = "_stop"

    /// The facts under the same name as in the result.
    private static let publicNames: Set = ["kind", "game_id"]

    /// Returns the fields with each fact under its own name, instead of the two JSON texts. A name that no result has
    /// begins with `_`.
    package static func named(_ fields: [String: String]) -> [String: String] {
        var named = fields
        for field in [live, lease] {
            guard let text = named.removeValue(forKey: field) else { continue }
            guard case .object(let members)? = try? StrictJSON.parse(Array(text.utf8)) else { continue }
            for member in members {
                guard let value = member.value.plainText else { continue }
                named[publicNames.contains(member.name) ? member.name : "_" + member.name] = value
            }
        }
        return named
    }
}

extension JSONValue {
    /// The text of a string, a number or a boolean.
    fileprivate var plainText: String? {
        switch self {
        case .string(let text): text
        case .integer, .number, .bool: text
        case .null, .array, .object: nil
        }
    }
}

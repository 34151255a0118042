/// The hash of a job, with the meaning of its fields.
///
/// A live job has most facts in the two fields `_job` and `_lease`, because each field costs Redis more than a long
/// text. `Lua/lanes.lua` writes both fields, and `docs/reference/keys.md` describes them.
package enum JobRecord {
    /// The field with the facts of admission. Only a live job has this field.
    package static let live = "_job"
    /// The field with the facts of the last claim.
    package static let lease = "_lease"

    /// The container that the job asked to end, with the facts of that request.
    static let asked = "_asked"

    private static let liveNames = [
        "_seq", "kind", "game_id", "_queue", "_run", "_digest", "_deadline", "_traceparent", "_enqueued_at",
    ]
    private static let leaseNames = ["_token", "_worker", "_node", "_taken", "_attempts", "_owns"]

    /// Returns the fields with each fact under its own name, instead of the two texts.
    package static func named(_ fields: [String: String]) -> [String: String] {
        var named = fields
        for (field, names) in [(live, liveNames), (lease, leaseNames)] {
            guard let text = named.removeValue(forKey: field) else { continue }
            named.merge(facts(text, names)) { own, _ in own }
        }
        return named
    }

    private static func facts(_ text: String, _ names: [String]) -> [String: String] {
        let parts = text.split(separator: " ", maxSplits: names.count - 1).map(String.init)
        return Dictionary(uniqueKeysWithValues: zip(names, parts).filter { $0.1 != "-" })
    }
}

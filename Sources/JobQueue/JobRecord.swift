/// The hash of a job, as its fields stand in Redis and as they are meant.
///
/// While the job lives most of what is known of it stands in two fields, `_job` and `_lease`, since each field costs
/// Redis more than a long text (`Lua/lanes.lua` writes them, `docs/reference/keys.md` describes them).
package enum JobRecord {
    /// A live job has this field, the record of one that has ended has not.
    package static let live = "_job"
    /// What was said of the last claim.
    package static let lease = "_lease"

    /// The container that the job has asked to end, and what it said of that.
    static let asked = "_asked"

    private static let liveNames = [
        "_seq", "kind", "game_id", "_queue", "_run", "_digest", "_deadline", "_traceparent", "_enqueued_at",
    ]
    private static let leaseNames = ["_token", "_worker", "_node", "_taken", "_attempts", "_owns"]

    /// The fields with each fact under its own name, in place of the two texts.
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

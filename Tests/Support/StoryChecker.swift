/// Looks over a whole history of events for what the contract forbids.
public enum StoryChecker {
    /// What is wrong; empty: nothing.
    ///
    /// - Parameter complete: containers whose stories must have been told to their removal.
    public static func problems(_ events: [[String: String]], complete: Set<String> = []) -> [String] {
        let stories = Dictionary(grouping: events) { $0["container_id"] ?? "" }
        var problems = stories.sorted { $0.key < $1.key }.flatMap { Self.problems(of: $0.key, $0.value) }
        for id in complete.sorted() where stories[id]?.last?["event"] != "removed" {
            problems.append("\(id.prefix(12)): not told to its end: \(word(stories[id] ?? []))")
        }
        for (node, published) in Dictionary(grouping: events, by: { $0["node"] ?? "" }) {
            let epochs = published.compactMap { $0["epoch"].flatMap { Int64($0) } }
            if epochs != epochs.sorted() { problems.append("node \(node): epochs go back: \(epochs)") }
        }
        return problems
    }

    private static func problems(of id: String, _ events: [[String: String]]) -> [String] {
        let name = String(id.prefix(12))
        let word = Self.word(events)
        var problems: [String] = []
        if (try? #/(s[huo]*e)*(s[huo]*|r)?/#.wholeMatch(in: word)) == nil || word.hasPrefix("r") {
            problems.append("\(name): the order is \(word)")
        }
        var health: String?
        var begin: String?
        var ooms: Set<String> = []
        for event in events {
            switch event["event"] {
            case "started":
                if let start = event["started_at"], start == begin { problems.append("\(name): \(start) told twice") }
                begin = event["started_at"]
                health = nil
            case "healthy", "unhealthy":
                if event["event"] == health { problems.append("\(name): \(health ?? "") told twice in a row") }
                health = event["event"]
            case "oom":
                let time = event["occurred_at"] ?? ""
                if !ooms.insert(time).inserted { problems.append("\(name): oom of \(time) told twice") }
            case "exited":
                if event["started_at"] != begin { problems.append("\(name): an exit of another run than was told") }
                if event["reason"] == nil { problems.append("\(name): an exit without a reason") }
            default: break
            }
        }
        return problems
    }

    /// One letter for each event.
    private static func word(_ events: [[String: String]]) -> String {
        events.compactMap { $0["event"]?.first.map(String.init) }.joined()
    }
}

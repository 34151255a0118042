import JobContract
import JobQueue
import Redis

/// Ids of jobs and nodes by their begin.
extension JobQueue {
    /// The smallest length of a text that may stand for the id of a job.
    package static let leastJobPrefix = 8
    /// The smallest length of a text that may stand for the id of a node.
    package static let leastNodePrefix = 4
    /// The number of candidates after which a search ends.
    private static let mostCandidates = 5
    /// The largest number of keys to search for records of jobs.
    private static let mostKeys = 1_000_000
    private static let mostNodes = 10_000

    /// Returns the jobs with a record whose ids begin with a text, at most six. No index has ids in order, so the search
    /// asks Redis for keys, within a bound.
    package func jobs(withPrefix prefix: String) async throws(QueueError) -> [JobID] {
        guard prefix.utf8.count >= Self.leastJobPrefix else { return [] }
        let begin = keys.job(JobID("")).utf8.count
        let pattern = Self.glob(keys.job(JobID(prefix))) + "*"
        var found: Set<String> = []
        var cursor = "0"
        var searched = 0
        repeat {
            let answer = try await command(
                RedisCommand("SCAN", .string(cursor), "MATCH", .string(pattern), "COUNT", 5_000)
            )
            cursor = answer.array?.first?.string ?? "0"
            for key in answer.array?.last?.array ?? [] {
                if let name = key.string { found.insert(String(decoding: name.utf8.dropFirst(begin), as: UTF8.self)) }
            }
            searched += 5_000
        } while cursor != "0" && searched < Self.mostKeys && found.count <= Self.mostCandidates
        return found.sorted().map { JobID($0) }
    }

    /// Returns the node with this id, or else the nodes whose ids begin with the text. The short form of an id on a page
    /// ends with `…`.
    package func nodes(named text: String) async throws(QueueError) -> [NodeID] {
        let text = text.hasSuffix("…") ? String(text.dropLast()) : text
        let isDrained = try await lenient(RedisCommand("SISMEMBER", .string(keys.draining), .string(text)))
        if try await knows(node: NodeID(text)) || isDrained.integer == 1 { return [NodeID(text)] }
        guard text.utf8.count >= Self.leastNodePrefix else { return [] }
        return try await nodeNames().filter { Self.isPrefix(text, of: $0.text) }
    }

    /// Returns the sorted ids of known nodes, at most 20,000.
    package func nodeNames() async throws(QueueError) -> [NodeID] {
        var names: Set<String> = []
        for set in ["nodes", "lost_nodes"] {
            let last = RedisArgument.integer(Int64(Self.mostNodes - 1))
            let answer = try await lenient(RedisCommand("ZRANGE", .string(keys.prefix + set), 0, last))
            names.formUnion((answer.array ?? []).compactMap(\.string))
        }
        return names.sorted().map { NodeID($0) }
    }

    /// Returns the dead letter with this entry id, or else the newest letter of each job whose id is the text, or begins
    /// with the text.
    package func deadLetters(named text: String) async throws(QueueError) -> [DeadLetter] {
        if let letter = try await deadLetter(named: text) { return [letter] }
        guard text.utf8.count >= Self.leastJobPrefix else { return [] }
        var found: [String: DeadLetter] = [:]
        var before: String?
        var searched = 0
        while searched < 10_000, found.count <= Self.mostCandidates {
            let page = try await deadLetters(limit: 100, before: before)
            guard let last = page.last else { break }
            for letter in page where letter.jobID.text.hasPrefix(text) && found[letter.jobID.text] == nil {
                found[letter.jobID.text] = letter
            }
            before = last.entry
            searched += page.count
        }
        return found.values.sorted { $0.jobID < $1.jobID }
    }

    /// Returns whether a text is the begin of a node's id. A number is never cut, so `host1` does not mean `host10`.
    package static func isPrefix(_ text: String, of id: String) -> Bool {
        guard id.hasPrefix(text) else { return false }
        guard let last = text.last, let next = id.dropFirst(text.count).first else { return true }
        return !(last.isNumber && next.isNumber)
    }
}

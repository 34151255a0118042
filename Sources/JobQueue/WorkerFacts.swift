import JobContract
import Primitives
import Redis

/// What a worker has told of itself.
package struct WorkerFacts: Sendable, Equatable {
    /// The queues that the worker serves.
    package var queues: [String]
    /// The version of the program.
    package var version: String
    package var description = WorkerDescription()

    /// Reads a value of `{ns}:worker_facts`, JSON; nil for any other text.
    package init?(_ text: String) {
        guard case .object(let members)? = try? StrictJSON.parse(Array(text.utf8)) else { return nil }
        func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
        guard case .array(let queues)? = value("queues"), case .string(let version)? = value("version") else {
            return nil
        }
        self.queues = queues.compactMap { if case .string(let name) = $0 { name } else { nil } }
        self.version = version
        if case .integer(let count)? = value("concurrency") { description.concurrency = Int(count) }
        if case .string(let url)? = value("console") { description.console = url }
        if case .string(let time)? = value("started_at") { description.startedAt = Timestamp(rfc3339: time) }
    }
}

extension JobQueue {
    /// Returns the queues of each living worker, in the order in which the worker reads them.
    package func queuesOfWorkers() async throws(QueueError) -> [[String]] {
        let now = try await redisTime()
        let answers = try await pipeline([
            RedisCommand("ZRANGEBYSCORE", .string(keys.prefix + "workers"), .string("(\(now)"), "+inf"),
            RedisCommand("HGETALL", .string(keys.prefix + "worker_facts")),
        ])
        let alive = Set((answers[0].array ?? []).compactMap(\.string))
        let facts = (answers[1].array ?? []).map { $0.string ?? "" }
        return stride(from: 0, to: facts.count - 1, by: 2).compactMap { index in
            alive.contains(facts[index]) ? WorkerFacts(facts[index + 1])?.queues : nil
        }
    }

    /// Returns the number of living workers of each queue.
    package func workersByQueue() async throws(QueueError) -> [String: Int] {
        try await queuesOfWorkers().reduce(into: [:]) { counts, names in
            for name in names { counts[name, default: 0] += 1 }
        }
    }
}

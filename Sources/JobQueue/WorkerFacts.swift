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
        guard let members = JSONMembers(text), let queues = members.strings("queues"),
            let version = members.string("version")
        else { return nil }
        (self.queues, self.version) = (queues, version)
        description.concurrency = members.integer("concurrency").map { Int($0) }
        description.console = members.string("console")
        description.startedAt = members.string("started_at").flatMap { Timestamp(rfc3339: $0) }
    }
}

extension JobQueue {
    /// Returns the facts of each living worker, by the worker's name.
    package func livingWorkers() async throws(QueueError) -> [String: WorkerFacts] {
        let now = try await redisTime()
        let answers = try await pipeline([
            RedisCommand("ZRANGEBYSCORE", .string(keys.prefix + "workers"), .string("(\(now)"), "+inf"),
            RedisCommand("HGETALL", .string(keys.prefix + "worker_facts")),
        ])
        let facts = (answers[1].array ?? []).map { $0.string ?? "" }
        let texts = stride(from: 0, to: facts.count - 1, by: 2).map { (facts[$0], facts[$0 + 1]) }
        let alive = Set((answers[0].array ?? []).compactMap(\.string))
        return Dictionary(texts.filter { alive.contains($0.0) }) { $1 }.compactMapValues(WorkerFacts.init)
    }

    /// Returns the queues of each living worker, in the order in which the worker reads them.
    package func queuesOfWorkers() async throws(QueueError) -> [[String]] {
        try await livingWorkers().values.map(\.queues)
    }

    /// Returns the number of living workers of each queue.
    package func workersByQueue() async throws(QueueError) -> [String: Int] {
        try await queuesOfWorkers().reduce(into: [:]) { counts, names in
            for name in names { counts[name, default: 0] += 1 }
        }
    }
}

import JobContract
import Redis

/// The totals of kept and lost dead letters since the namespace's data began.
package struct DeadLetterTotals: Sendable, Equatable {
    package var count = 0
    /// The size of the kept dead letters in bytes.
    package var bytes = 0
    /// The number of dead letters deleted to keep within the limits for entries and bytes.
    package var trimmed = 0
    /// The number of dead letters lost because their key was no stream.
    package var lost = 0

    package init(count: Int = 0, bytes: Int = 0, trimmed: Int = 0, lost: Int = 0) {
        self.count = count
        self.bytes = bytes
        self.trimmed = trimmed
        self.lost = lost
    }
}

/// Measurements of queues and dead letters.
extension JobQueue {
    /// Returns the number of waiting messages in a queue and its inbox, and whether the queue is paused.
    package func depth(of queue: String) async throws(QueueError) -> QueueDepth {
        let lengths = keys.messageLists(queue).map { RedisCommand("LLEN", .string($0)) }
        let isPaused = RedisCommand("SISMEMBER", .string(keys.paused), .string(queue))
        let answers = try await pipeline(lengths + [isPaused])
        let waiting = (answers[0].integer ?? 0) + (answers[1].integer ?? 0)
        return QueueDepth(waiting: Int(waiting), isPaused: answers[2].integer == 1)
    }

    /// Returns the totals of dead letters (Redis `XLEN`, `HMGET`).
    package func deadLetterTotals() async throws(QueueError) -> DeadLetterTotals {
        let answers = try await pipeline([
            RedisCommand("XLEN", .string(keys.dead)),
            RedisCommand("HMGET", .string(keys.meta), "dead_bytes", "dead_trimmed", "dead_lost"),
        ])
        let counts = (answers[1].array ?? []).map { $0.string.flatMap { Int($0) } ?? 0 }
        guard counts.count == 3 else { throw QueueError(call: "HMGET", message: "Redis answered something else") }
        return DeadLetterTotals(
            count: Int(answers[0].integer ?? 0),
            bytes: counts[0],
            trimmed: counts[1],
            lost: counts[2]
        )
    }
}

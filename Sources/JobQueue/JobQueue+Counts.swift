import JobContract
import Redis

/// What there is of dead letters, and what was lost of them since this data began.
package struct DeadLetterTotals: Sendable, Equatable {
    package var count = 0
    /// Bytes of those that are kept.
    package var bytes = 0
    /// Forgotten because there were too many, or too many bytes of them.
    package var trimmed = 0
    /// Not kept, because their key was no stream.
    package var lost = 0

    package init(count: Int = 0, bytes: Int = 0, trimmed: Int = 0, lost: Int = 0) {
        self.count = count
        self.bytes = bytes
        self.trimmed = trimmed
        self.lost = lost
    }
}

/// What workers measure of queues and dead letters.
extension JobQueue {
    /// Messages that wait in a queue, those set aside included, and whether it is paused.
    package func depth(of queue: String) async throws(QueueError) -> (waiting: Int, isPaused: Bool) {
        let answers = try await pipeline([
            RedisCommand("LLEN", .string(keys.queue(queue))), RedisCommand("LLEN", .string(keys.overflow(queue))),
            RedisCommand("SISMEMBER", .string(keys.paused), .string(queue)),
        ])
        let waiting = (answers[0].integer ?? 0) + (answers[1].integer ?? 0)
        return (Int(waiting), answers[2].integer == 1)
    }

    /// How many dead letters there are, and what was lost of them (Redis `XLEN`, `HMGET`).
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

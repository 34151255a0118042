import JobContract
import JobQueue
import Redis

/// What an operator stops for a while.
extension JobQueue {
    /// Takes no more jobs of `queue`; those that run go on. Answers false where it was paused already.
    package func pause(queue: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SADD", .string(keys.paused), .string(queue))).integer == 1
    }

    /// Takes jobs of `queue` again, within a second. Answers false where it was not paused.
    package func resume(queue: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SREM", .string(keys.paused), .string(queue))).integer == 1
    }

    /// Names of the paused queues.
    package func pausedQueues() async throws(QueueError) -> [String] {
        (try await command(RedisCommand("SMEMBERS", .string(keys.paused))).array ?? []).compactMap(\.string).sorted()
    }

    /// Lets a node begin no start or restart; what runs there runs on. Answers false where it was so already.
    package func drain(node: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SADD", .string(keys.draining), .string(node))).integer == 1
    }

    /// Lets a node begin starts again, within a second. Answers false where it did.
    package func resume(node: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SREM", .string(keys.draining), .string(node))).integer == 1
    }

    /// Nodes that begin no start.
    package func drainingNodes() async throws(QueueError) -> [String] {
        (try await command(RedisCommand("SMEMBERS", .string(keys.draining))).array ?? []).compactMap(\.string).sorted()
    }

    /// Whether Redis has ever heard of the node.
    package func knows(node: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("ZSCORE", .string(keys.prefix + "nodes"), .string(node))).string != nil
    }
}

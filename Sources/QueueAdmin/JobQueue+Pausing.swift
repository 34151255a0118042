import JobContract
import JobQueue
import Redis

/// Pausing queues and draining nodes.
extension JobQueue {
    /// Stops the intake and the claims of jobs of `queue`. Running jobs go on.
    ///
    /// - Returns: false if the queue was already paused.
    package func pause(queue: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SADD", .string(keys.paused), .string(queue))).integer == 1
    }

    /// Takes jobs of `queue` again, within a second.
    ///
    /// - Returns: false if the queue was not paused.
    package func resume(queue: String) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SREM", .string(keys.paused), .string(queue))).integer == 1
    }

    /// Returns the sorted names of the paused queues.
    package func pausedQueues() async throws(QueueError) -> [String] {
        (try await command(RedisCommand("SMEMBERS", .string(keys.paused))).array ?? []).compactMap(\.string).sorted()
    }

    /// Stops the node from beginning a start or restart. Running containers and jobs go on.
    ///
    /// - Returns: false if the node was already draining.
    package func drain(node: NodeID) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SADD", .string(keys.draining), .string(node.text))).integer == 1
    }

    /// Lets a node begin starts again, within a second.
    ///
    /// - Returns: false if the node was not draining.
    package func resume(node: NodeID) async throws(QueueError) -> Bool {
        try await command(RedisCommand("SREM", .string(keys.draining), .string(node.text))).integer == 1
    }

    /// Returns the sorted ids of the draining nodes.
    package func drainingNodes() async throws(QueueError) -> [NodeID] {
        (try await command(RedisCommand("SMEMBERS", .string(keys.draining))).array ?? []).compactMap {
            $0.string.map { NodeID($0) }
        }.sorted()
    }

    /// Returns whether Redis knows the node.
    package func knows(node: NodeID) async throws(QueueError) -> Bool {
        let scores = try await pipeline(
            ["nodes", "lost_nodes"].map { RedisCommand("ZSCORE", .string(keys.prefix + $0), .string(node.text)) }
        )
        return scores.contains { $0.string != nil }
    }
}

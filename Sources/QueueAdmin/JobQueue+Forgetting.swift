import JobContract
import JobQueue
import Primitives
import Redis

/// The result of forgetting some games of a node.
package enum ForgottenGames: Sendable, Equatable {
    /// The node is not lost, or has a living worker. Nothing was changed.
    case nodeLives
    /// `count` games were forgotten. `next` is the cursor of the next call; nil: all games are forgotten.
    case forgotten(count: Int, next: String?)
}

/// How an operator forgets a lost node: the queue's ``JobQueue/worker`` names the node.
extension JobQueue {
    /// Forgets which games the node owns, a part of all games in a call (`forget`). The node stops these games if it
    /// returns.
    ///
    /// - Parameters:
    ///   - cursor: The cursor of an earlier call; nil for the first call.
    ///   - isLast: Whether all lifecycles of the node have ended. Then the keys of the node are deleted, too.
    package func forgetGames(after cursor: String?, isLast: Bool = false) async throws(QueueError) -> ForgottenGames {
        let reply = try await call(
            .forget,
            [
                "node": .string(worker.node.text), "worker": .string(worker.id), "cursor": .string(cursor ?? "0"),
                "is_last": .bool(isLast),
            ]
        )
        if reply.string == "alive" { return .nodeLives }
        guard let parts = reply.array, parts.count == 2, let next = parts[0].string, let count = parts[1].integer else {
            throw unexpected(.forget, reply)
        }
        return .forgotten(count: Int(count), next: next == "0" ? nil : next)
    }

    /// Returns those of the containers whose lifecycle another node publishes or has ended. The node's machine has another
    /// id now, so the containers live on.
    package func publishedElsewhere(_ containers: [ContainerID]) async throws(QueueError) -> Set<ContainerID> {
        let nodes = Set(try await members(of: "nodes") + members(of: "lost_nodes")).subtracting([worker.node.text])
        guard !containers.isEmpty else { return [] }
        var found: Set<ContainerID> = []
        let ids = containers.map { RedisArgument.string($0.text) }
        for node in nodes.map({ NodeID($0) }) {
            let answers = try await pipeline([
                RedisCommand("HMGET", arguments: [.string(keys.checkpoints(node))] + ids),
                RedisCommand("ZMSCORE", arguments: [.string(keys.prefix + "ended:" + node.text)] + ids),
            ])
            for values in answers.compactMap(\.array) {
                for (container, value) in zip(containers, values) where !value.isNull { found.insert(container) }
            }
        }
        return found
    }
}

import JobContract
import JobQueue
import Primitives
import QueueAdmin
import RuntimeCore
import Terminal

/// How an operator forgets a lost node.
extension Actions {
    /// The lease of the operator as the leader of the node.
    private static let leaderTTL = Duration.seconds(30)
    /// The number of containers whose events are published in a call.
    private static let batch = 100

    /// Ends the lifecycles of a lost node's containers, and forgets which games the node owns.
    ///
    /// - Parameter isAgreed: Whether the arguments have the person's consent.
    package static func forget(
        _ name: NodeID,
        isAgreed: Bool,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let node = try await withQueue(context) { queue in
            let node = try await resolve(node: name.text, queue)
            // Nobody is asked about a node that cannot be forgotten.
            let found = try await queue.overview(of: node).nodes.first
            guard let found, found.lostAt != nil, found.workers == 0 else {
                throw try await queue.hasLivingWorker() ? nodeLives(node) : nobodyCounts(node)
            }
            return node
        }
        let action = "forget node \(node) and its games for good"
        try await Confirmation.require(action, isGiven: isAgreed, hasDryRun: false)
        // The functions act for the node of the queue's identity.
        let forgotten = try await withQueue(context, as: .new(node: node)) { queue in
            try await audited(
                "forget",
                node.text,
                queue,
                context.logger.forCommand,
                outcome: { sentence(node, $0) },
                { try await forget(queue) }
            )
        }
        tell(
            sentence(node, forgotten),
            output,
            ["node": node.text, "games": "\(forgotten.games)", "containers": "\(forgotten.containers)"]
        )
    }

    private static func forget(_ queue: JobQueue) async throws -> (games: Int, containers: Int) {
        var games = try await forgetGames(of: queue)
        let containers = try await endLifecycles(of: queue)
        games += try await forgetGames(of: queue, isLast: true)
        return (games, containers)
    }

    private static func sentence(_ node: NodeID, _ count: (games: Int, containers: Int)) -> String {
        let games = ShortCount.text(count.games, "game", "games")
        return "\(node) is forgotten, with \(games) and \(ShortCount.text(count.containers, "container", "containers"))"
    }

    private static func forgetGames(of queue: JobQueue, isLast: Bool = false) async throws -> Int {
        var (count, cursor): (Int, String?) = (0, nil)
        repeat {
            switch try await queue.forgetGames(after: cursor, isLast: isLast && cursor == nil) {
            case .nodeLives: throw nodeLives(queue.worker.node)
            case .forgotten(let some, let next): (count, cursor) = (count + some, next)
            }
        } while cursor != nil
        return count
    }

    /// Publishes the events that end the lifecycles of all containers. Returns how many containers there were.
    private static func endLifecycles(of queue: JobQueue) async throws -> Int {
        guard case .granted(let epoch, _) = try await queue.lead(ttl: leaderTTL) else {
            throw nodeLives(queue.worker.node)
        }
        do {
            let count = try await endLifecycles(of: queue, epoch)
            try await queue.resign(epoch: epoch)
            return count
        } catch {
            // A repeated command must not wait for the end of the term.
            try? await queue.resign(epoch: epoch)
            throw error
        }
    }

    private static func endLifecycles(of queue: JobQueue, _ epoch: Int64) async throws -> Int {
        let published = try await queue.checkpoints()
        let started = try await queue.startedContainers().filter { published[$0.key] == nil }
        let now = Timestamp(millisecondsSinceEpoch: try await queue.redisTime())
        let updates =
            published.compactMap { update(of: $0.key, $0.value, isPublished: true, at: now) }
            + started.compactMap { update(of: $0.key, $0.value, isPublished: false, at: now) }
        var count = 0
        for start in stride(from: 0, to: updates.count, by: batch) {
            guard try await queue.renew(epoch: epoch, ttl: leaderTTL) else { throw nodeLives(queue.worker.node) }
            let batch = updates[start..<min(start + batch, updates.count)]
            let others = try await queue.publishedElsewhere(batch.map(\.containerID))
            let part = batch.filter { !others.contains($0.containerID) }
            count += part.count
            do {
                _ = try await queue.publish(part, epoch: epoch, cursor: nil)
            } catch is Fenced {
                throw nodeLives(queue.worker.node)
            }
        }
        return count
    }

    /// Returns nil for a checkpoint in the form of another version.
    private static func update(
        of container: ContainerID,
        _ encoded: String,
        isPublished: Bool,
        at now: Timestamp
    ) -> LifecycleUpdate? {
        Checkpoint(encoded: encoded).map { checkpoint in
            LifecycleUpdate(
                containerID: container,
                gameID: checkpoint.identity.gameID,
                expectedCheckpoint: isPublished ? encoded : "",
                newCheckpoint: "",
                entries: checkpoint.forgottenEvents(of: container, isPublished: isPublished, at: now)
            )
        }
    }

    /// The error in a fleet without a living worker, where no node becomes lost.
    private static func nobodyCounts(_ node: NodeID) -> CommandError {
        .failed(
            "node \(node) is not lost, and no worker lives; only a living worker notices that a node is lost: start a "
                + "worker on another node, and wait until `rtmanager node list` shows the node as lost"
        )
    }

    private static func nodeLives(_ node: NodeID) -> CommandError {
        .failed(
            "node \(node) is not lost, or one of its workers lives; stop its workers, and wait until "
                + "`rtmanager node list` shows the node as lost"
        )
    }
}

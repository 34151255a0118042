import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

extension JanitorService {
    /// Removes the oldest ended containers if the node has more than the configured number. A running job keeps its
    /// game's container.
    ///
    /// - Parameter found: The node's containers, with Redis' knowledge of their games.
    func boundKept(_ found: [FoundRow]) async throws {
        let ended = found.filter { ["exited", "dead"].contains($0.row.status) && !$0.facts.isBusy }
        guard ended.count > kept else { return }
        var containers: [KeptContainers.Ended] = []
        for entry in ended {
            guard let container = try await ownership.owned(id: entry.row.id)?.inspect, !container.isRunning else {
                continue
            }
            containers.append(KeptContainers.Ended(containerID: container.id, endedAt: container.finishedAt))
        }
        let surplus = KeptContainers.surplus(of: containers, keeping: kept)
        guard !surplus.isEmpty else { return }
        guard mode != .dryRun else {
            return logger.notice(
                "more containers that have ended are kept than allowed; a dry run removes none",
                metadata: ["surplus": "\(surplus.count)", "kept": "\(kept)"]
            )
        }
        for id in surplus {
            // Somebody may have started the container by hand since the last inspection.
            guard let container = try await ownership.owned(id: id), !container.inspect.isRunning else { continue }
            try await discard(container)
        }
        logger.notice(
            "removed the oldest ended containers",
            metadata: ["removed": "\(surplus.count)", "kept": "\(kept)"]
        )
    }

    /// Removes an ended container. First the call records the last run for the leader, because nobody can inspect a
    /// removed container.
    func discard(_ container: OwnedContainer) async throws {
        try await ownership.recordRun(of: container)
        try await docker.remove(container.inspect.id.text)
    }
}

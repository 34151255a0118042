import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// How a worker registers, and announces the games of its node.
extension Worker {
    /// The time for a disowned game to end by itself before SIGKILL.
    private static let stopTimeout = Duration.seconds(10)
    /// The number of disowned games to stop concurrently.
    private static let mostStops = 8

    /// Registers the worker before its first job. A node that was lost stops its disowned games first.
    ///
    /// - Returns: false if the worker ends before.
    func join() async -> Bool {
        var backoff = LoopBackoff()
        while !state.intake.isDraining, !Task.isCancelled {
            do {
                try await queue.register()
                var stopped: [GameID] = []
                repeat {
                    let rows = try await ownership.ownedRows()
                    stopped = try await queue.announce(games(rows), stopped: stopped)
                    if !stopped.isEmpty { try await stop(stopped, rows) }
                } while !stopped.isEmpty
                state.noteLoop { $0.joined() }
                return true
            } catch {
                state.noteLoop { $0.couldNotJoin("\(error)") }
                logger.log(
                    level: state.registeringFails.level(.error),
                    "the worker cannot register yet; trying again",
                    metadata: ["error": "\(error)"]
                )
                await backoff.pause()
            }
        }
        return false
    }

    /// Registers again whenever Redis may not know the games of the node.
    func announceAgain() async {
        while await state.mustAnnounce.wait() {
            logger.warning("Redis may not know the games of this node; announcing them again")
            _ = await join()
        }
    }

    /// Returns the games of containers.
    private func games(_ rows: [ContainerSummary]) -> [OwnedGame] {
        let running = ownership.runningGames(of: rows)
        return rows.compactMap { container in
            container.labels[GalaxyLabel.gameID].map { GameID($0) }.map { game in
                OwnedGame(
                    gameID: game,
                    isRunning: container.isRunning,
                    fence: OwnedContainer.fence(in: container.labels),
                    running: running[game]
                )
            }
        }
    }

    /// Stops the containers of disowned games, a few at a time. A container that was started after the announcement runs
    /// on: another worker of the node may have stopped the game before, and started the game again.
    private func stop(_ games: [GameID], _ rows: [ContainerSummary]) async throws {
        logger.warning(
            "this node was lost; stopping games that it no longer owns",
            metadata: ["games": "\(games.count)", "first": "\(games[0])"]
        )
        let disowned = Set(games.map(\.text))
        let running = rows.filter { $0.isRunning && disowned.contains($0.labels[GalaxyLabel.gameID] ?? "") }.map(\.id)
        for start in stride(from: 0, to: running.count, by: Self.mostStops) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in running[start..<min(start + Self.mostStops, running.count)] {
                    group.addTask { try await self.stop(id) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func stop(_ id: ContainerID) async throws {
        do {
            try await ownership.stop(id, for: "node-return", timeout: Self.stopTimeout)
        } catch let error as DockerError where error.code == .containerNotFound {
            return
        }
    }
}

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
                    stopped = try await queue.announce(try await games(), stopped: stopped)
                    if !stopped.isEmpty { try await stop(stopped) }
                } while !stopped.isEmpty
                state.noteLoop { $0.joined() }
                return true
            } catch {
                state.noteLoop { $0.couldNotJoin("\(error)") }
                logger.error("the worker cannot register yet; trying again", metadata: ["error": "\(error)"])
                await backoff.pause()
            }
        }
        return false
    }

    /// Registers again whenever Redis does not know the games of the node.
    func announceAgain() async {
        while await state.mustAnnounce.wait() {
            logger.warning("Redis does not know the games of this node; announcing them again")
            _ = await join()
        }
    }

    /// Returns the games with a container on the node.
    private func games() async throws -> [OwnedGame] {
        try await ownership.ownedRows().compactMap { container in
            container.labels[GalaxyLabel.gameID].map {
                OwnedGame(gameID: GameID($0), isRunning: container.isRunning)
            }
        }
    }

    /// Stops the containers of disowned games, a few at a time.
    private func stop(_ games: [GameID]) async throws {
        logger.warning(
            "this node was lost; stopping games that it no longer owns",
            metadata: ["games": "\(games.count)", "first": "\(games[0])"]
        )
        for start in stride(from: 0, to: games.count, by: Self.mostStops) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for game in games[start..<min(start + Self.mostStops, games.count)] {
                    group.addTask { try await self.stop(game) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func stop(_ game: GameID) async throws {
        for container in try await ownership.containers(of: game) where container.inspect.isRunning {
            try await ownership.stop(container.inspect.id, for: "node-return", timeout: Self.stopTimeout)
        }
    }
}

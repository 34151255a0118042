import JobContract
import Primitives
import Redis

/// The field of a game in `{ns}:games`, as the leader of a node restores it.
package struct GameField: Sendable, Equatable {
    package var gameID: GameID
    package var isRunning: Bool
    package var containerID: ContainerID
    package var image: String
    /// URL of the game engine in the container.
    package var engineEndpoint: String
    package var jobID: JobID
    /// The start of the run, or its end; nil if unknown.
    package var since: Timestamp?

    package init(
        gameID: GameID,
        isRunning: Bool,
        containerID: ContainerID,
        image: String,
        engineEndpoint: String,
        jobID: JobID,
        since: Timestamp?
    ) {
        self.gameID = gameID
        self.isRunning = isRunning
        self.containerID = containerID
        self.image = image
        self.engineEndpoint = engineEndpoint
        self.jobID = jobID
        self.since = since
    }

    /// The argument of `restore_games`.
    fileprivate var argument: JSONValue {
        JSONValue(members: [
            "game_id": .string(gameID.text),
            "field": JSONValue(members: [
                "state": .string(isRunning ? "running" : "exited"), "container_id": .string(containerID.text),
                "image": .string(image), "engine_endpoint": .string(engineEndpoint), "job_id": .string(jobID.text),
                "since": since.map { .string($0.rfc3339) },
            ]),
        ])
    }
}

extension JobQueue {
    /// Restores missing fields of `{ns}:games`.
    ///
    /// - Throws: ``Fenced`` if another worker leads, else ``QueueError``.
    package func restoreGames(_ games: [GameField], epoch: Int64) async throws {
        for batch in ArgumentBatches(games.map(\.argument)) {
            let reply = try await call(
                .restoreGames,
                keys: [keys.leader(worker.node)],
                [
                    "node": .string(worker.node.text), "worker": .string(worker.id), "epoch": .string(String(epoch)),
                    "games": .array(batch),
                ]
            )
            if reply.string == "fenced" { throw Fenced() }
        }
    }
}

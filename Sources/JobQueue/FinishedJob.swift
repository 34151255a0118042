import JobContract
import Primitives
import Redis

/// The effect of a job's end on the node's ownership of the game.
package enum OwnerChange: Sendable {
    case keep
    /// The node no longer owns the game.
    case clear
    /// The node no longer owns the game if this job made the node the owner.
    case undo
}

/// A job to end. A class, because copying all its fields would cost much.
package final class FinishedJob: Sendable {
    package let claimed: ClaimedJob
    package let ending: JobEnding
    package let owner: OwnerChange
    /// Whether the game's reservation on the node ends.
    package let freesReservation: Bool
    /// The record of the game's start for later restarts; nil: the record does not change.
    package let startMessage: String?
    /// The container started by the job, reported to the node's leader.
    package let started: StartedContainer?

    package init(
        _ claimed: ClaimedJob,
        ending: JobEnding,
        owner: OwnerChange,
        freesReservation: Bool,
        startMessage: String? = nil,
        started: StartedContainer? = nil
    ) {
        self.claimed = claimed
        self.ending = ending
        self.owner = owner
        self.freesReservation = freesReservation
        self.startMessage = startMessage
        self.started = started
    }

    /// The argument of `finish`.
    var argument: JSONValue {
        JSONValue(members: [
            "id": .string(claimed.id.text), "kind": .string(claimed.kind),
            "game_id": .string(claimed.gameID.text), "queue": .string(claimed.queue), "run": JSONValue(claimed.run),
            "digest": .string(claimed.digest), "enqueued_at": claimed.enqueuedAt.map { .string($0) },
            "traceparent": claimed.traceparent.map { .string($0) },
            "lease": JSONValue(members: [
                "token": .string(claimed.token.text), "attempts": JSONValue(claimed.attempt),
                "taken_at": .string(claimed.takenAt),
            ]),
            "ending": ending.argument, "disowns": disowns ? true : nil, "frees": freesReservation ? true : nil,
            "request": startMessage.map { .string($0) }, "container": started.map { .string($0.containerID.text) },
            "checkpoint": started.map { .string($0.checkpoint) },
            "cpu": started.map { .integer($0.demand.cpu) }, "memory": started.map { .integer($0.demand.memory) },
            "port": started?.port.map { JSONValue($0) },
        ])
    }

    /// Whether the node no longer owns the game.
    private var disowns: Bool { owner == .clear || owner == .undo && claimed.hasMadeOwner }
}

extension JobEnding {
    /// The fields of the result, as `finish` takes them.
    fileprivate var argument: JSONValue {
        JSONValue(members: [
            "outcome": .string(outcome.rawValue), "effect": .string(effect.rawValue),
            "error_code": errorCode.map { .string($0.rawValue) }, "error": error.map { .string($0) },
            "container_id": containerID.map { .string($0.text) }, "container_name": containerName.map { .string($0) },
            "engine_endpoint": engineEndpoint.map { .string($0) }, "started_at": startedAt.map { .string($0.rfc3339) },
            "forced": forced ? "true" : nil,
        ])
    }
}

/// A container started by a job.
package struct StartedContainer: Sendable, Equatable {
    package var containerID: ContainerID
    /// The checkpoint of the container's current run.
    package var checkpoint: String
    /// The limits of the container.
    package var demand: Demand
    /// The published port of the game engine; nil if no port is published.
    package var port: Int?

    package init(containerID: ContainerID, checkpoint: String, demand: Demand, port: Int? = nil) {
        self.containerID = containerID
        self.checkpoint = checkpoint
        self.demand = demand
        self.port = port
    }
}

/// The result of ending a job.
package enum FinishAnswer: String, Sendable {
    case ok
    /// This token had already ended the job, and the first reply was lost.
    case again
    /// Another token replaced this token, so nothing was done.
    case stale
}

/// The result of ending jobs.
package struct FinishOutcome: Sendable, Equatable {
    /// The results, one for each job, in the order of the jobs.
    package var answers: [FinishAnswer]
    /// Whether later jobs of the games are ready now. Redis wakes nobody, so the caller claims next.
    package var hasMadeReady: Bool

    package init(answers: [FinishAnswer], hasMadeReady: Bool) {
        self.answers = answers
        self.hasMadeReady = hasMadeReady
    }
}

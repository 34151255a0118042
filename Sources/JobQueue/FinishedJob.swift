import JobContract
import Primitives
import Redis

/// The effect of a job's end on the node's ownership of the game.
package enum OwnerChange: String, Sendable {
    case keep
    /// The node no longer owns the game.
    case clear
    /// The node no longer owns the game if this job made the node the owner.
    case undo
}

/// A job to end. A class, because copying all its fields would cost much.
package final class FinishedJob: Sendable {
    package let claimed: ClaimedJob
    /// The decoded job; nil if the message can no longer be read.
    package let job: Job?
    package let ending: JobEnding
    package let owner: OwnerChange
    /// Whether the game's reservation on the node ends.
    package let freesPlace: Bool
    /// The record of the game's start for later restarts; nil: the record does not change.
    package let startMessage: String?
    /// The container started by the job, reported to the node's leader.
    package let begun: BegunContainer?

    package init(
        _ claimed: ClaimedJob,
        _ job: Job?,
        ending: JobEnding,
        owner: OwnerChange,
        freesPlace: Bool,
        startMessage: String? = nil,
        begun: BegunContainer? = nil
    ) {
        self.claimed = claimed
        self.job = job
        self.ending = ending
        self.owner = owner
        self.freesPlace = freesPlace
        self.startMessage = startMessage
        self.begun = begun
    }

    /// Appends the arguments of finish.lua, in the script's order.
    func append(to arguments: inout [RedisArgument], by worker: WorkerIdentity) {
        func add(_ text: String?) { arguments.append(.string(text ?? "")) }
        add(claimed.id.text)
        add(claimed.token.text)
        add(owner.rawValue)
        add(freesPlace ? "free" : "keep")
        add(startMessage)
        add(begun?.containerID)
        add(begun?.mark)
        add(job?.kind.rawValue)
        add(job?.gameID.text)
        add(ending.outcome.rawValue)
        add(ending.errorCode?.rawValue)
        add(ending.error)
        let run = claimed.run > 1 ? String(claimed.run) : nil
        add(run)
        add(claimed.digest)
        let count = arguments.count
        arguments.append(0)
        func add(_ name: RedisArgument, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            arguments.append(name)
            arguments.append(.string(text))
        }
        add("job_id", claimed.id.text)
        add("kind", job?.kind.rawValue)
        add("game_id", job?.gameID.text)
        add("outcome", ending.outcome.rawValue)
        add("effect", ending.effect.rawValue)
        add("error_code", ending.errorCode?.rawValue)
        add("error", ending.error)
        add("container_id", ending.containerID)
        add("container_name", ending.containerName)
        add("engine_endpoint", ending.engineEndpoint)
        add("started_at", ending.startedAt?.rfc3339)
        add("forced", ending.forced ? "true" : nil)
        add("attempts", String(claimed.attempt))
        add("run", run)
        add("enqueued_at", job?.enqueuedAt)
        add("taken_at", claimed.takenAt)
        add("traceparent", job?.traceparent)
        add("worker", worker.id)
        add("node", worker.node.text)
        arguments += ["finished_at", ""]
        arguments[count] = .integer(Int64(arguments.count - count - 1))
    }
}

/// A container started by a job.
package struct BegunContainer: Sendable, Equatable {
    package var containerID: String
    /// The checkpoint of the container's current run.
    package var mark: String

    package init(containerID: String, mark: String) {
        self.containerID = containerID
        self.mark = mark
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
    /// Whether later jobs of the games are ready now. The script wakes nobody, so the caller claims next.
    package var hasMadeReady: Bool

    package init(answers: [FinishAnswer], hasMadeReady: Bool) {
        self.answers = answers
        self.hasMadeReady = hasMadeReady
    }
}

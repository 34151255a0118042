import Primitives

import DockerPort
import JobContract

/// What was seen of one container: by looking, and by the events that made someone look.
package struct Sighting: Sendable, Equatable {
    package var containerID: String
    /// nil: it is gone.
    package var container: OwnedContainer?
    /// The events behind this look, in the order in which they came.
    package var hints: [DockerEvent]
    /// Whether the Engine was ending, or away, when the container ended.
    package var engineWasEnding: Bool
    /// When it was looked at.
    package var seenAt: Timestamp

    package init(
        containerID: String,
        container: OwnedContainer?,
        hints: [DockerEvent] = [],
        engineWasEnding: Bool = false,
        seenAt: Timestamp
    ) {
        self.containerID = containerID
        self.container = container
        self.hints = hints
        self.engineWasEnding = engineWasEnding
        self.seenAt = seenAt
    }
}

extension Sighting {
    /// Whose the container was, as its events claim; nil if they claim nothing that can be. Labels lie over the attributes
    /// of events, so a claim proves nothing by itself.
    package var claim: (gameID: String, jobID: String)? {
        guard let labels = hints.first(where: { $0.isStart || $0.isEnd })?.labels,
            let gameID = labels[GalaxyLabel.gameID], let jobID = labels[GalaxyLabel.jobID], Syntax.isGameID(gameID),
            Syntax.isJobID(jobID)
        else { return nil }
        return (gameID, jobID)
    }
}

/// How a process ended, as far as anyone could see.
package struct ExitFacts: Sendable, Equatable {
    /// Begin of the run; tells the runs of a container apart.
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var exitCode: Int?
    package var oomKilled: Bool?

    package init(
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        exitCode: Int? = nil,
        oomKilled: Bool? = nil
    ) {
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
        self.oomKilled = oomKilled
    }

    /// nil where the container runs, or never did. One that waits for the Engine to start it again has ended.
    package init?(of container: ContainerInspect) {
        guard let startedAt = container.startedAt, !container.hasProcess else { return nil }
        self.init(
            startedAt: startedAt,
            finishedAt: container.finishedAt,
            exitCode: container.exitCode,
            oomKilled: container.oomKilled
        )
    }

    /// As Redis keeps it, one line each.
    package var encoded: String {
        [
            startedAt?.rfc3339 ?? "", finishedAt?.rfc3339 ?? "", exitCode.map(String.init) ?? "",
            oomKilled.map(String.init) ?? "",
        ]
        .joined(separator: "\n")
    }

    package init?(encoded: String) {
        let lines = encoded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 4 else { return nil }
        self.init(
            startedAt: Timestamp(rfc3339: lines[0]),
            finishedAt: Timestamp(rfc3339: lines[1]),
            exitCode: Int(lines[2]),
            oomKilled: Bool(lines[3])
        )
    }
}

/// What jobs have told of a container, beside what the Engine shows.
package struct ContainerRecord: Sendable, Equatable {
    /// The start that a job has seen succeed; nil where its story has begun, or no job has told.
    package var begun: StoryMark?
    /// Whether a job asked for the end of the run that goes on.
    package var isEndAsked: Bool
    /// What the job said that asked for it.
    package var stopIntent: StopIntent?
    /// Whether that end needed SIGKILL, as the stop saw it; nil: it has not said so, yet or ever.
    package var isForced: Bool?
    /// How the last run had ended when a job removed the container.
    package var lastExit: ExitFacts?
    /// Whether the job that the container's events name may have made it. Asked for only if the container is gone and
    /// nothing else is known of it.
    package var isClaimBelieved: Bool

    package init(
        begun: StoryMark? = nil,
        isEndAsked: Bool = false,
        stopIntent: StopIntent? = nil,
        isForced: Bool? = nil,
        lastExit: ExitFacts? = nil,
        isClaimBelieved: Bool = false
    ) {
        self.isClaimBelieved = isClaimBelieved
        self.begun = begun
        self.isEndAsked = isEndAsked
        self.stopIntent = stopIntent
        self.isForced = isForced
        self.lastExit = lastExit
    }
}

import Primitives

import DockerPort
import JobContract

/// An observation of a container: the result of an inspection, and the events that caused the inspection.
package struct Observation: Sendable, Equatable {
    package var containerID: ContainerID
    /// The container, or nil if the container is gone.
    package var container: OwnedContainer?
    /// The events behind this inspection, in order of arrival.
    package var hints: [DockerEvent]
    /// Whether the Docker Engine was ending or away when the container ended.
    package var engineWasEnding: Bool
    /// The time of the inspection.
    package var seenAt: Timestamp

    package init(
        containerID: ContainerID,
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

extension Observation {
    /// The game and the job according to the container's events, or nil without valid ids. Labels can overwrite the
    /// attributes of events, so a claim alone proves nothing.
    package var claim: (gameID: GameID, jobID: JobID)? {
        guard let labels = hints.first(where: { $0.isStart || $0.isEnd })?.labels,
            let gameID = labels[GalaxyLabel.gameID], let jobID = labels[GalaxyLabel.jobID], Syntax.isGameID(gameID),
            Syntax.isJobID(jobID)
        else { return nil }
        return (GameID(gameID), JobID(jobID))
    }
}

/// The known facts about the end of a process.
package struct ExitFacts: Sendable, Equatable {
    /// Start of the run. Distinguishes the runs of a container.
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var exitCode: Int?
    package var oomKilled: Bool?
    /// Whether the end of the Docker Engine ended the process, as seen by the job that removed the container.
    package var isByEngine = false

    package init(
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        exitCode: Int? = nil,
        oomKilled: Bool? = nil,
        isByEngine: Bool = false
    ) {
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
        self.oomKilled = oomKilled
        self.isByEngine = isByEngine
    }

    /// Returns nil if the container runs or never ran. A container waiting for a restart by the Docker Engine has
    /// ended.
    package init?(of container: ContainerInspect) {
        guard let startedAt = container.startedAt, !container.hasProcess else { return nil }
        self.init(
            startedAt: startedAt,
            finishedAt: container.finishedAt,
            exitCode: container.exitCode,
            oomKilled: container.oomKilled
        )
    }

    /// The form stored in Redis: a line for each value.
    package var encoded: String {
        [
            startedAt?.rfc3339 ?? "", finishedAt?.rfc3339 ?? "", exitCode.map(String.init) ?? "",
            oomKilled.map(String.init) ?? "", String(isByEngine),
        ]
        .joined(separator: "\n")
    }

    package init?(encoded: String) {
        let lines = encoded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 5 else { return nil }
        self.init(
            startedAt: Timestamp(rfc3339: lines[0]),
            finishedAt: Timestamp(rfc3339: lines[1]),
            exitCode: Int(lines[2]),
            oomKilled: Bool(lines[3]),
            isByEngine: lines[4] == "true"
        )
    }
}

/// Records of jobs about a container, in addition to the Docker Engine's facts.
package struct ContainerRecord: Sendable, Equatable {
    /// The checkpoint of a start recorded by a job, or nil if the start is already published or no job recorded a
    /// start.
    package var started: Checkpoint?
    /// Whether a job requested the end of the current run.
    package var isEndAsked: Bool
    /// The stop request recorded by the job.
    package var stopIntent: StopIntent?
    /// Whether the end needed SIGKILL according to the stop, or nil without a recorded result.
    package var isForced: Bool?
    /// The end of the last run, recorded by a job when the job removed the container.
    package var lastExit: ExitFacts?
    /// Whether the job named by the container's events may have made the container. Needed only if the container is
    /// gone and nothing else is known about the container.
    package var isClaimBelieved: Bool

    package init(
        started: Checkpoint? = nil,
        isEndAsked: Bool = false,
        stopIntent: StopIntent? = nil,
        isForced: Bool? = nil,
        lastExit: ExitFacts? = nil,
        isClaimBelieved: Bool = false
    ) {
        self.isClaimBelieved = isClaimBelieved
        self.started = started
        self.isEndAsked = isEndAsked
        self.stopIntent = stopIntent
        self.isForced = isForced
        self.lastExit = lastExit
    }
}

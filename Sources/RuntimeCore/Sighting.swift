public import DockerPort
public import Timestamps

/// What was seen of one container: by looking, and by the events that made someone look.
public struct Sighting: Sendable, Equatable {
    public var containerID: String
    /// nil: it is gone.
    public var container: ContainerInspect?
    /// The events behind this look, in the order in which they came.
    public var hints: [DockerEvent]
    /// Whether the Engine was ending, or away, when the container ended.
    public var engineWasEnding: Bool
    /// When it was looked at.
    public var seenAt: Timestamp

    public init(
        containerID: String,
        container: ContainerInspect?,
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

/// How a process ended, as far as anyone could see.
public struct ExitFacts: Sendable, Equatable {
    /// Begin of the run; tells the runs of a container apart.
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?
    public var exitCode: Int?
    public var oomKilled: Bool?

    public init(
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

    /// nil where the container runs, or never did.
    public init?(of container: ContainerInspect) {
        guard let startedAt = container.startedAt, !container.isRunning else { return nil }
        self.init(
            startedAt: startedAt,
            finishedAt: container.finishedAt,
            exitCode: container.exitCode,
            oomKilled: container.oomKilled
        )
    }

    /// As Redis keeps it, one line each.
    public var encoded: String {
        [
            startedAt?.rfc3339 ?? "", finishedAt?.rfc3339 ?? "", exitCode.map(String.init) ?? "",
            oomKilled.map(String.init) ?? "",
        ]
        .joined(separator: "\n")
    }

    public init?(encoded: String) {
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
public struct ContainerRecord: Sendable, Equatable {
    /// The start that a job has seen succeed; nil where its story has begun, or no job has told.
    public var begun: StoryMark?
    /// Whether a job asked for the end of the run that goes on.
    public var isEndAsked: Bool
    /// Whether that end needed SIGKILL, as the stop saw it; nil: it has not said so, yet or ever.
    public var isForced: Bool?
    /// How the last run had ended when a job removed the container.
    public var lastExit: ExitFacts?

    public init(
        begun: StoryMark? = nil,
        isEndAsked: Bool = false,
        isForced: Bool? = nil,
        lastExit: ExitFacts? = nil
    ) {
        self.begun = begun
        self.isEndAsked = isEndAsked
        self.isForced = isForced
        self.lastExit = lastExit
    }
}

public import DockerPort
public import JobContract
public import Timestamps

/// What was last published of a container, and who it is, so that its story can be ended when the
/// container itself is gone.
public struct StoryMark: Sendable, Equatable {
    public enum Position: Sendable, Equatable {
        case started(Timestamp)
        case exited(Timestamp)
    }

    public var position: Position
    public var containerName: String
    public var gameID: String
    public var jobID: String
    public var image: String
    public var labels: [String: String]

    public init(_ position: Position, of container: ContainerInspect) {
        self.position = position
        containerName = container.name
        gameID = container.labels[GalaxyLabel.gameID] ?? ""
        jobID = container.labels[GalaxyLabel.jobID] ?? ""
        image = container.imageRef
        labels = container.labels
    }

    public init(
        _ position: Position,
        containerName: String,
        gameID: String,
        jobID: String,
        image: String,
        labels: [String: String]
    ) {
        self.position = position
        self.containerName = containerName
        self.gameID = gameID
        self.jobID = jobID
        self.image = image
        self.labels = labels
    }
}

/// A step that a container's story lacks.
public enum StoryStep: Sendable, Equatable {
    case started(at: Timestamp)
    /// `at` is nil where nobody could see when.
    case exited(at: Timestamp?, exitCode: Int?, oomKilled: Bool?)
    case removed
}

/// The pure difference between what was published of a container and what `inspect` says of it.
///
/// Events are only hints to look: whatever was missed, doubled or reordered, this answers the steps
/// that are missing, in order, and none that is there.
public enum Story {
    /// - Parameters:
    ///   - mark: what was last published; nil: nothing.
    ///   - container: what is there; nil: the container is gone.
    public static func missingSteps(after mark: StoryMark?, finding container: ContainerInspect?) -> [StoryStep] {
        guard let container else { return stepsToTheEnd(mark?.position) }
        // A container that never ran has no story.
        guard let startedAt = container.startedAt else { return [] }
        var steps: [StoryStep] = []
        switch mark?.position {
        case .started(startedAt): break
        case .started:
            // Restarted unseen: the end of the run before is kept by the Engine while this one runs.
            let ended = container.isRunning ? container.finishedAt : nil
            steps = [.exited(at: ended, exitCode: nil, oomKilled: nil), .started(at: startedAt)]
        case .exited(let finishedAt) where !container.isRunning && container.finishedAt == finishedAt: return []
        case .exited, nil: steps = [.started(at: startedAt)]
        }
        if !container.isRunning {
            steps.append(
                .exited(at: container.finishedAt, exitCode: container.exitCode, oomKilled: container.oomKilled)
            )
        }
        return steps
    }

    private static func stepsToTheEnd(_ position: StoryMark.Position?) -> [StoryStep] {
        switch position {
        case nil: []
        case .started: [.exited(at: nil, exitCode: nil, oomKilled: nil), .removed]
        case .exited: [.removed]
        }
    }
}

/// Why a process ended, of what `inspect` says and of whether a job had asked for it.
public enum ExitClassification {
    /// - Parameters:
    ///   - exitCode: nil where nobody could look.
    ///   - stopRequested: whether a stop or remove job had recorded its intent for this container.
    public static func reason(exitCode: Int?, oomKilled: Bool, stopRequested: Bool) -> ExitReason {
        guard let exitCode else { return stopRequested ? .stopped : .unknown }
        // 137 is 128 + SIGKILL: after an asked-for stop it is Docker's, which had to kill.
        if stopRequested { return exitCode == 137 ? .stoppedForced : .stopped }
        if oomKilled && exitCode == 137 { return .oomKilled }
        if exitCode == 0 { return .completed }
        if (129...192).contains(exitCode) { return .killed }
        return .crashed
    }
}

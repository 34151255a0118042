public import DockerPort
public import JobContract

/// What a container that is already there means for a job.
public struct ContainerDecisions: Sendable {
    private let settings: NodeSettings

    public init(_ settings: NodeSettings) { self.settings = settings }

    /// Whether a container belongs to this namespace and this game.
    public func owns(_ container: ContainerInspect, gameID: String) -> Bool {
        container.labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue
            && container.labels[GalaxyLabel.namespace] == settings.namespace
            && container.labels[GalaxyLabel.gameID] == gameID
    }

    /// What a start does about a container of its name.
    public enum StartDecision: Sendable, Equatable {
        /// Nothing is left to do.
        case end(JobEnding)
        /// Remove this container, then start anew.
        case replace(containerID: String)
        /// The Engine is removing it: look again later.
        case wait
    }

    /// - Parameter isAnew: whether an operator has the job run again, so that what its run before left is no answer.
    public func start(
        _ job: Job,
        finding container: ContainerInspect,
        endpoint: String,
        isAnew: Bool = false
    ) -> StartDecision {
        guard owns(container, gameID: job.gameID) else { return .end(foreign(container)) }
        let isOfThisJob = container.labels[GalaxyLabel.jobID] == job.id
        if container.isRunning {
            let runsTheSame = container.labels[GalaxyLabel.spec] == Translation.specDigest(of: job)
            guard isOfThisJob || runsTheSame else {
                return .end(
                    .failed(
                        .nameConflict,
                        "game \(job.gameID) already runs something else in container \(container.id)"
                    )
                )
            }
            return .end(
                JobEnding(
                    .succeeded,
                    effect: isOfThisJob ? .started : .alreadyRunning,
                    containerID: container.id,
                    containerName: container.name,
                    engineEndpoint: endpoint,
                    startedAt: container.startedAt
                )
            )
        }
        switch container.status {
        case "removing": return .wait
        case "exited" where isOfThisJob && container.startedAt != nil && !isAnew:
            return .end(startFailed(container))
        default: return .replace(containerID: container.id)
        }
    }

    /// What a stop does about the game's container; nil stands for none.
    public enum StopDecision: Sendable, Equatable {
        case end(JobEnding)
        case stop(containerID: String)
    }

    public func stop(_ job: Job, finding container: ContainerInspect?) -> StopDecision {
        guard let container else { return .end(JobEnding(.succeeded, effect: .alreadyAbsent)) }
        if let refusal = guardFailure(job, container) { return .end(refusal) }
        guard container.isRunning else { return .end(ending(.alreadyStopped, container)) }
        return .stop(containerID: container.id)
    }

    /// What a remove does about the game's container; nil stands for none.
    public enum RemoveDecision: Sendable, Equatable {
        case end(JobEnding)
        case remove(containerID: String)
        case stopAndRemove(containerID: String)
    }

    public func remove(_ job: Job, finding container: ContainerInspect?) -> RemoveDecision {
        guard let container else { return .end(JobEnding(.succeeded, effect: .alreadyAbsent)) }
        if let refusal = guardFailure(job, container) { return .end(refusal) }
        guard container.isRunning else { return .remove(containerID: container.id) }
        guard job.force else {
            return .end(
                .failed(.containerRunning, "container \(container.id) is running; stop it first, or ask with force")
            )
        }
        return .stopAndRemove(containerID: container.id)
    }

    /// The ending of a job that changed `container` to `effect`.
    public func ending(_ effect: JobEffect, _ container: ContainerInspect, forced: Bool = false) -> JobEnding {
        JobEnding(
            .succeeded,
            effect: effect,
            containerID: container.id,
            containerName: container.name,
            forced: forced
        )
    }

    private func guardFailure(_ job: Job, _ container: ContainerInspect) -> JobEnding? {
        guard owns(container, gameID: job.gameID) else { return foreign(container) }
        guard let wanted = job.containerID, wanted != container.id else { return nil }
        return .failed(.staleContainer, "the game's container is \(container.id) by now; nothing was done")
    }

    func foreign(_ container: ContainerInspect) -> JobEnding {
        .failed(
            .nameConflict,
            "container \(container.name) (\(container.id.prefix(12))) is there and does not belong to this namespace"
        )
    }

    func startFailed(_ container: ContainerInspect) -> JobEnding {
        var ending = JobEnding.failed(
            .startFailed,
            "the process ended with exit code \(container.exitCode)\(container.oomKilled ? ", for want of memory" : "")"
        )
        ending.containerID = container.id
        ending.containerName = container.name
        return ending
    }
}

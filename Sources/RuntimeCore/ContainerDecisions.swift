import Primitives
import DockerPort
import JobContract

/// What a container that is already there means for a job.
package struct ContainerDecisions: Sendable {
    package init() {}

    /// What a start does about the container of its game.
    package enum StartDecision: Sendable, Equatable {
        /// There is nothing in the way: start.
        case run
        /// Nothing is left to do.
        case end(JobEnding)
        /// Remove this container, then start anew.
        case replace(containerID: String)
        /// The Engine is removing it: look again later.
        case wait
    }

    /// - Parameters:
    ///   - port: of the engine, if the container's image names none.
    ///   - isAnew: whether an operator has the job run again, so that what its run before left is no answer.
    package func start(
        _ job: Job,
        finding found: FoundContainer,
        port: Int,
        isAnew: Bool = false
    ) -> StartDecision {
        switch found {
        case .none: return .run
        case .foreign(let container): return .end(foreign(container))
        case .owned(let owned): return start(job, finding: owned, port: port, isAnew: isAnew)
        }
    }

    func start(_ job: Job, finding owned: OwnedContainer, port: Int, isAnew: Bool) -> StartDecision {
        let container = owned.inspect
        let isOfThisJob = owned.jobID == job.id
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
                    engineEndpoint: owned.engineEndpoint(port: port),
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

    /// What a stop does about the game's container.
    package enum StopDecision: Sendable, Equatable {
        case end(JobEnding)
        case stop(ContainerInspect)
    }

    package func stop(_ job: Job, finding found: FoundContainer) -> StopDecision {
        let container: ContainerInspect
        switch found {
        case .none: return .end(JobEnding(.succeeded, effect: .alreadyAbsent))
        case .foreign(let other): return .end(foreign(other))
        case .owned(let owned): container = owned.inspect
        }
        if let refusal = guardFailure(job, container) { return .end(refusal) }
        guard container.isRunning else { return .end(ending(.alreadyStopped, container)) }
        return .stop(container)
    }

    /// What a remove does about the game's container.
    package enum RemoveDecision: Sendable, Equatable {
        case end(JobEnding)
        case remove(ContainerInspect)
        case stopAndRemove(ContainerInspect)
    }

    package func remove(_ job: Job, finding found: FoundContainer) -> RemoveDecision {
        let container: ContainerInspect
        switch found {
        case .none: return .end(JobEnding(.succeeded, effect: .alreadyAbsent))
        case .foreign(let other): return .end(foreign(other))
        case .owned(let owned): container = owned.inspect
        }
        if let refusal = guardFailure(job, container) { return .end(refusal) }
        guard container.isRunning else { return .remove(container) }
        guard job.force else {
            return .end(
                .failed(.containerRunning, "container \(container.id) is running; stop it first, or ask with force")
            )
        }
        return .stopAndRemove(container)
    }

    /// The ending of a job that changed `container` to `effect`.
    package func ending(_ effect: JobEffect, _ container: ContainerInspect, forced: Bool = false) -> JobEnding {
        JobEnding(
            .succeeded,
            effect: effect,
            containerID: container.id,
            containerName: container.name,
            forced: forced
        )
    }

    private func guardFailure(_ job: Job, _ container: ContainerInspect) -> JobEnding? {
        guard let wanted = job.containerID, wanted != container.id else { return nil }
        return .failed(.staleContainer, "the game's container is \(container.id) by now; nothing was done")
    }

    /// The ending of a job whose container's name is taken by `container`.
    func foreign(_ container: ContainerInspect) -> JobEnding {
        .failed(
            .nameConflict,
            "container \(container.name) (\(container.id.prefix(12))) is there and does not belong to the game in this namespace"
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

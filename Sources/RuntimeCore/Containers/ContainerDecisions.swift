import DockerPort
import JobContract
import Primitives

/// Decides a job's next step from the existing container of the game.
package struct ContainerDecisions: Sendable {
    package init() {}

    /// The next step of a start or restart.
    package enum StartDecision: Sendable, Equatable {
        /// Nothing is in the way: start a container.
        case run
        /// Nothing is left to do: end the job.
        case end(JobEnding)
        /// Remove this container, then start a new container.
        case replace(containerID: ContainerID)
        /// Stop and remove this container, then start a new container. Only a restart does so.
        case replaceRunning(containerID: ContainerID)
        /// The Docker Engine is removing the container: inspect again later.
        case wait
    }

    /// Returns the next step of a start.
    ///
    /// - Parameters:
    ///   - port: The port of the game engine if the container's image has no port label.
    ///   - isAnew: Whether an operator retries the ended job. The container of the previous run is then no result.
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

    /// The container of a stop or remove, or the ending of a job without a container.
    private enum Target {
        case end(JobEnding)
        case container(ContainerInspect)
    }

    private func target(of job: Job, finding found: FoundContainer) -> Target {
        switch found {
        case .none: return .end(JobEnding(.succeeded, effect: .alreadyAbsent))
        case .foreign(let other): return .end(foreign(other))
        case .owned(let owned):
            return guardFailure(job, owned.inspect).map { .end($0) } ?? .container(owned.inspect)
        }
    }

    /// The next step of a stop.
    package enum StopDecision: Sendable, Equatable {
        case end(JobEnding)
        case stop(ContainerInspect)
        /// Remove this container, which has never run: the Docker Engine may still start it for a worker that has lost
        /// the game. The game then has no container.
        case remove(ContainerInspect)
    }

    package func stop(_ job: Job, finding found: FoundContainer) -> StopDecision {
        let container: ContainerInspect
        switch target(of: job, finding: found) {
        case .end(let ending): return .end(ending)
        case .container(let owned): container = owned
        }
        if container.isRunning { return .stop(container) }
        return container.startedAt == nil ? .remove(container) : .end(ending(.alreadyStopped, container))
    }

    /// The next step of a remove.
    package enum RemoveDecision: Sendable, Equatable {
        case end(JobEnding)
        case remove(ContainerInspect)
        case stopAndRemove(ContainerInspect)
    }

    package func remove(_ job: Job, finding found: FoundContainer) -> RemoveDecision {
        let container: ContainerInspect
        switch target(of: job, finding: found) {
        case .end(let ending): return .end(ending)
        case .container(let owned): container = owned
        }
        guard container.isRunning else { return .remove(container) }
        guard job.force else {
            return .end(
                .failed(.containerRunning, "container \(container.id) is running; stop it first, or ask with force")
            )
        }
        return .stopAndRemove(container)
    }

    /// Returns the ending of a job that changed `container` with the given effect.
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

    /// Returns the ending of a job if a foreign container has the game's container name.
    func foreign(_ container: ContainerInspect) -> JobEnding {
        .failed(
            .nameConflict,
            "container \(container.name) (\(container.id.short)) is there and does not belong to the game in this namespace"
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

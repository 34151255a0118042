import DockerPort
import JobContract

extension ContainerDecisions {
    /// What a restart does about the game's container, once it has the image and knows what to start.
    ///
    /// It may come to this again after a crash of its worker at any point: its own container says how far it had come,
    /// and any other, or none, that it had not.
    package enum RestartDecision: Sendable, Equatable {
        /// Nothing is left to do.
        case end(JobEnding)
        /// Stop and remove this container, then start.
        case replaceRunning(containerID: String)
        /// Remove this container, then start.
        case replace(containerID: String)
        /// Start.
        case run
        /// The Engine is removing it: look again later.
        case wait
    }

    /// - Parameters:
    ///   - port: of the engine, if the container's image names none.
    ///   - isAnew: whether an operator has the job run again, so that what its run before left is no answer.
    package func restart(
        _ job: Job,
        finding found: FoundContainer,
        port: Int,
        isAnew: Bool = false
    ) -> RestartDecision {
        let owned: OwnedContainer
        switch found {
        case .none: return .run
        case .foreign(let container): return .end(foreign(container))
        case .owned(let container): owned = container
        }
        let container = owned.inspect
        if owned.jobID == job.id {
            // It had come so far before its worker died.
            switch start(job, finding: owned, port: port, isAnew: isAnew) {
            case .run: return .run
            case .end(let ending): return .end(ending)
            case .replace(let id): return .replace(containerID: id)
            case .wait: return .wait
            }
        }
        if container.isRunning { return .replaceRunning(containerID: container.id) }
        return container.status == "removing" ? .wait : .replace(containerID: container.id)
    }
}

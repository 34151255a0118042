public import DockerPort
public import JobContract

extension ContainerDecisions {
    /// What a restart does about the game's container, once it has the image and knows what to start.
    ///
    /// It may come to this again after a crash of its worker at any point: its own container says how far it had come,
    /// and any other, or none, that it had not.
    public enum RestartDecision: Sendable, Equatable {
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

    /// - Parameter container: the container of the game's name; nil: there is none.
    public func restart(
        _ job: Job,
        finding container: ContainerInspect?,
        endpoint: String,
        isAnew: Bool = false
    ) -> RestartDecision {
        guard let container else { return .run }
        guard owns(container, gameID: job.gameID) else { return .end(foreign(container)) }
        if container.labels[GalaxyLabel.jobID] == job.id {
            // It had come so far before its worker died.
            switch start(job, finding: container, endpoint: endpoint, isAnew: isAnew) {
            case .end(let ending): return .end(ending)
            case .replace(let id): return .replace(containerID: id)
            case .wait: return .wait
            }
        }
        if container.isRunning { return .replaceRunning(containerID: container.id) }
        return container.status == "removing" ? .wait : .replace(containerID: container.id)
    }
}

import DockerPort
import JobContract

extension ContainerDecisions {
    /// Returns the next step of a restart, after the image and the spec are known.
    ///
    /// After a crash of its worker, a restart may reach this decision again. A container made by the restart itself
    /// shows the progress of the earlier attempt. Any other container, or none, means that the earlier attempt had not
    /// started its container.
    ///
    /// - Parameters:
    ///   - port: The port of the game engine if the container's image has no port label.
    ///   - isAnew: Whether an operator retries the ended job. The container of the previous run is then no result.
    package func restart(
        _ job: Job,
        finding found: FoundContainer,
        port: Int,
        isAnew: Bool = false
    ) -> StartDecision {
        let owned: OwnedContainer
        switch found {
        case .none: return .run
        case .foreign(let container): return .end(foreign(container))
        case .owned(let container): owned = container
        }
        let container = owned.inspect
        if owned.jobID == job.id {
            // An earlier attempt came this far before its worker died.
            return start(job, finding: owned, port: port, isAnew: isAnew)
        }
        if container.isRunning { return .replaceRunning(containerID: container.id) }
        return container.status == "removing" ? .wait : .replace(containerID: container.id)
    }
}

import JobContract
import Primitives

extension Checkpoint {
    /// Returns the events that end the lifecycle of a container whose node an operator has forgotten.
    ///
    /// - Parameters:
    ///   - isPublished: Whether an event of the container is published. If not, the start comes first.
    ///   - now: The time of the forgetting.
    package func forgottenEvents(of container: ContainerID, isPublished: Bool, at now: Timestamp) -> [LifecycleEvent] {
        var kinds: [LifecycleKind] = isPublished ? [] : [.started]
        if isRunning { kinds.append(.exited) }
        kinds.append(.removed)
        return kinds.map { kind in
            LifecycleEvent(
                kind: kind,
                action: nil,
                containerID: container,
                containerName: identity.containerName,
                gameID: identity.gameID,
                jobID: identity.jobID,
                image: identity.image,
                reason: kind == .exited ? .nodeLost : nil,
                startedAt: kind == .removed ? nil : startedAt,
                occurredAt: kind == .started ? startedAt ?? now : now,
                labels: identity.labels
            )
        }
    }
}

import DockerPort
import JobContract
import Primitives

/// The missing steps of a container as events to publish, with the checkpoint after the events.
package struct LifecycleDiff: Sendable, Equatable {
    package var entries: [LifecycleEvent]
    /// The checkpoint after the events are published, or nil after the end of the lifecycle.
    package var checkpoint: Checkpoint?
    /// Whether the exit's reason depends on the result of a stop not yet recorded by the job.
    package var awaitsStopResult: Bool
    /// Whether all events are of a frequent kind. A publisher may delay such events and combine them with later events.
    package var mayWait: Bool { entries.allSatisfy { $0.kind.isFrequent } }

    /// Returns nil if no step is missing.
    package init?(after checkpoint: Checkpoint?, seeing observation: Observation, knowing record: ContainerRecord) {
        let steps = LifecycleSteps.missing(after: checkpoint, seeing: observation, knowing: record)
        guard !steps.isEmpty, let identity = Self.identity(checkpoint, observation, record) else { return nil }
        var before = checkpoint ?? Checkpoint(startedAt: nil, identity: identity)
        var hints = observation.hints
        entries = []
        awaitsStopResult = false
        self.checkpoint = checkpoint
        for step in steps {
            let hint = Self.takeHint(of: step, from: &hints)
            let entry = StepEvent(step: step, before: before, observation: observation, record: record, hint: hint)
            entries.append(entry.event)
            if case .exited(let facts) = step, ExitClassification.needsStopResult(facts, record) {
                awaitsStopResult = true
            }
            self.checkpoint = before.after(step, found: hint?.occurredAt ?? observation.seenAt)
            if let next = self.checkpoint { before = next }
        }
    }

    private static func identity(
        _ checkpoint: Checkpoint?,
        _ observation: Observation,
        _ record: ContainerRecord
    ) -> ContainerIdentity? {
        if let checkpoint = checkpoint ?? record.started { return checkpoint.identity }
        if let container = observation.container { return ContainerIdentity(of: container) }
        return observation.hints.first { $0.isStart || $0.isEnd }.map(ContainerIdentity.init(claimedBy:))
    }

    /// Removes the first unused event of this step from the hints and returns the event.
    private static func takeHint(of step: LifecycleStep, from hints: inout [DockerEvent]) -> DockerEvent? {
        let index = hints.firstIndex { hint in
            switch step {
            case .started: hint.isStart
            case .health(let level): hint.health == level
            case .oom(let times): hint.action == "oom" && hint.occurredAt == times.last
            case .exited: hint.isEnd
            case .removed: hint.isRemoval
            }
        }
        return index.map { hints.remove(at: $0) }
    }
}

/// A step, converted to an event to publish.
private struct StepEvent {
    let step: LifecycleStep
    /// The checkpoint before the step.
    let before: Checkpoint
    let observation: Observation
    let record: ContainerRecord
    /// Docker's event of the step, or nil if an inspection found the step.
    let hint: DockerEvent?

    var event: LifecycleEvent {
        var event = LifecycleEvent(
            kind: kind,
            action: hint?.action,
            containerID: observation.containerID,
            containerName: before.identity.containerName,
            gameID: before.identity.gameID,
            jobID: before.identity.jobID,
            image: before.identity.image,
            startedAt: before.startedAt,
            occurredAt: hint?.occurredAt ?? observation.seenAt,
            labels: before.identity.labels
        )
        switch step {
        case .started(let time):
            event.startedAt = time
            if hint == nil, let time { event.occurredAt = time }
        case .exited(let facts):
            event.finishedAt = facts.finishedAt
            event.exitCode = facts.exitCode
            event.oomKilled = facts.oomKilled
            event.reason = ExitClassification.reason(
                facts,
                record,
                engineWasEnding: observation.engineWasEnding || facts.isByEngine,
                lastOOM: before.ooms.last
            )
            if hint == nil, let time = facts.finishedAt { event.occurredAt = time }
        case .removed:
            event.startedAt = nil
        case .health:
            event.count = max(1, observation.hints.count { $0.health != nil })
        case .oom(let times):
            event.count = max(1, times.count)
        }
        return event
    }

    private var kind: LifecycleKind {
        switch step {
        case .started: .started
        case .health(.healthy): .healthy
        case .health(.unhealthy): .unhealthy
        case .oom: .oom
        case .exited: .exited
        case .removed: .removed
        }
    }
}

import DockerPort
import JobContract
import Primitives

/// The missing steps of a container as events to publish, with the checkpoint after the events.
package struct StoryTelling: Sendable, Equatable {
    package var entries: [LifecycleEvent]
    /// The checkpoint after the events are published, or nil after the end of the lifecycle.
    package var mark: StoryMark?
    /// Whether the exit's reason depends on the result of a stop not yet recorded by the job.
    package var awaitsVerdict: Bool
    /// Whether all events are of a frequent kind. A publisher may delay such events and combine them with later events.
    package var mayWait: Bool { entries.allSatisfy { $0.kind.isFrequent } }

    /// Returns nil if no step is missing.
    package init?(after mark: StoryMark?, seeing sighting: Sighting, knowing record: ContainerRecord) {
        let steps = Story.missingSteps(after: mark, seeing: sighting, knowing: record)
        guard !steps.isEmpty, let identity = Self.identity(mark, sighting, record) else { return nil }
        var told = mark ?? StoryMark(startedAt: nil, identity: identity)
        var hints = sighting.hints
        entries = []
        awaitsVerdict = false
        self.mark = mark
        for step in steps {
            let hint = Self.takeHint(of: step, from: &hints)
            let entry = StoryEntry(step: step, told: told, sighting: sighting, record: record, hint: hint)
            entries.append(entry.event)
            if case .exited(let facts) = step, ExitClassification.needsVerdict(facts, record) { awaitsVerdict = true }
            self.mark = told.after(step, found: hint?.occurredAt ?? sighting.seenAt)
            if let next = self.mark { told = next }
        }
    }

    private static func identity(
        _ mark: StoryMark?,
        _ sighting: Sighting,
        _ record: ContainerRecord
    ) -> ContainerIdentity? {
        if let mark = mark ?? record.begun { return mark.identity }
        if let container = sighting.container { return ContainerIdentity(of: container) }
        return sighting.hints.first { $0.isStart || $0.isEnd }.map(ContainerIdentity.init(claimedBy:))
    }

    /// Removes the first unused event of this step from the hints and returns the event.
    private static func takeHint(of step: StoryStep, from hints: inout [DockerEvent]) -> DockerEvent? {
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
private struct StoryEntry {
    let step: StoryStep
    /// The checkpoint before the step.
    let told: StoryMark
    let sighting: Sighting
    let record: ContainerRecord
    /// Docker's event of the step, or nil if an inspection found the step.
    let hint: DockerEvent?

    var event: LifecycleEvent {
        var event = LifecycleEvent(
            kind: kind,
            action: hint?.action,
            containerID: sighting.containerID,
            containerName: told.identity.containerName,
            gameID: told.identity.gameID,
            jobID: told.identity.jobID,
            image: told.identity.image,
            startedAt: told.startedAt,
            occurredAt: hint?.occurredAt ?? sighting.seenAt,
            labels: told.identity.labels
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
                engineWasEnding: sighting.engineWasEnding,
                lastOOM: told.ooms.last
            )
            if hint == nil, let time = facts.finishedAt { event.occurredAt = time }
        case .removed:
            event.startedAt = nil
        case .health:
            event.count = max(1, sighting.hints.count { $0.health != nil })
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

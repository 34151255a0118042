import DockerPort
import JobContract
import Primitives

/// A missing step of a container's lifecycle.
package enum StoryStep: Sendable, Equatable {
    /// The start time, or nil if unknown.
    case started(Timestamp?)
    case health(HealthLevel)
    /// The Docker Engine's times of all covered `oom` events, ascending; empty if no event reported the `oom`.
    case oom([Timestamp])
    case exited(ExitFacts)
    case removed
}

/// Compares the published lifecycle of a container with an observation. Pure.
///
/// Events only cause inspections. Lost, repeated or reordered events do not matter: the result is the missing steps in
/// order, and no published step. The only exception is `oom`: an `oom` leaves no other trace, so the step comes from
/// its event.
package enum Story {
    /// Returns the missing steps.
    ///
    /// - Parameters:
    ///   - mark: The checkpoint, or nil if no step is published.
    ///   - record: The records of jobs about the container.
    package static func missingSteps(
        after mark: StoryMark?,
        seeing sighting: Sighting,
        knowing record: ContainerRecord = ContainerRecord()
    ) -> [StoryStep] {
        guard let owned = sighting.container else { return stepsToTheEnd(mark, sighting, record) }
        let container = owned.inspect
        // A container that never ran has no lifecycle.
        guard let startedAt = container.startedAt else { return [] }
        var steps: [StoryStep] = []
        var run = StoryMark(startedAt: startedAt, identity: ContainerIdentity(of: owned))
        if let mark, continues(mark, startedAt, container) {
            // The run's exit is published, so the run is complete.
            guard mark.isRunning else { return [] }
            run = mark
        } else {
            // The container restarted unnoticed. During a run, the Docker Engine keeps the end of the previous run.
            if let mark, mark.isRunning {
                steps += ooms(after: mark, sighting) { $0 < startedAt }
                steps.append(.exited(exit(of: mark, record, at: container.hasProcess ? container.finishedAt : nil)))
            }
            steps.append(.started(startedAt))
        }
        let ooms = ooms(after: run, sighting) { $0 >= startedAt }
        steps += ooms
        if container.hasProcess {
            if let level = HealthLevel(rawValue: container.health), level != run.health { steps.append(.health(level)) }
        } else if let facts = ExitFacts(of: container) {
            if facts.oomKilled == true, run.ooms.isEmpty, ooms.isEmpty { steps.append(.oom([])) }
            steps.append(.exited(facts))
        }
        return steps
    }

    /// Returns whether ``missingSteps(after:seeing:knowing:)`` needs the records of jobs.
    ///
    /// The records matter for the end of a run, and for a container that is gone without a published step.
    package static func needsRecord(after mark: StoryMark?, seeing sighting: Sighting) -> Bool {
        guard let container = sighting.container?.inspect else { return mark?.isRunning ?? true }
        guard container.hasProcess else { return true }
        return mark.map { $0.startedAt != container.startedAt } ?? false
    }

    /// Returns whether the container still shows the run of the checkpoint.
    private static func continues(_ mark: StoryMark, _ startedAt: Timestamp, _ container: ContainerInspect) -> Bool {
        guard let told = mark.startedAt else { return mark.isRunning || mark.exitedAt == container.finishedAt }
        return told == startedAt
    }

    private static func stepsToTheEnd(
        _ mark: StoryMark?,
        _ sighting: Sighting,
        _ record: ContainerRecord
    ) -> [StoryStep] {
        var steps: [StoryStep] = []
        var mark = mark
        if mark == nil {
            // The container came and went unseen. Proof of its run is a job's record, or an event with a credible job
            // id. Nobody can inspect the image and the hostname any more.
            if let begun = record.begun {
                mark = begun
            } else if record.isClaimBelieved, let hint = sighting.hints.first(where: { $0.isStart || $0.isEnd }) {
                mark = StoryMark(startedAt: nil, identity: ContainerIdentity(claimedBy: hint))
            } else {
                return []
            }
            steps.append(.started(mark?.startedAt))
        }
        guard let mark else { return [] }
        if mark.isRunning {
            let ooms = ooms(after: mark, sighting) { _ in true }
            steps += ooms
            let exit = exit(of: mark, record, at: nil)
            if exit.oomKilled == true, mark.ooms.isEmpty, ooms.isEmpty { steps.append(.oom([])) }
            steps.append(.exited(exit))
        }
        return steps + [.removed]
    }

    /// Returns the end of a run that nobody can inspect any more. Prefers the end recorded by a job.
    private static func exit(of mark: StoryMark, _ record: ContainerRecord, at time: Timestamp?) -> ExitFacts {
        if let exit = record.lastExit, mark.startedAt == nil || exit.startedAt == mark.startedAt { return exit }
        return ExitFacts(startedAt: mark.startedAt, finishedAt: time)
    }

    /// Returns the unpublished `oom` events among the hints, limited to times accepted by `belongs`.
    private static func ooms(
        after mark: StoryMark,
        _ sighting: Sighting,
        _ belongs: (Timestamp) -> Bool
    ) -> [StoryStep] {
        let times = Set(sighting.hints.filter { $0.action == "oom" }.map(\.occurredAt))
        let untold = times.filter { !mark.hasTold(oom: $0) && belongs($0) }.sorted()
        // A single step for all events. A container with thousands of killed processes must not fill the stream.
        return untold.isEmpty ? [] : [.oom(untold)]
    }
}

extension StoryMark {
    /// Returns the checkpoint after `step` is published, or nil after the end of the lifecycle.
    ///
    /// - Parameter found: The time of the step's discovery.
    package func after(_ step: StoryStep, found: Timestamp) -> StoryMark? {
        var mark = self
        switch step {
        case .started(let time):
            mark = StoryMark(startedAt: time, identity: identity)
        case .health(let level):
            mark.health = level
        case .oom(let times):
            mark.ooms = Array((mark.ooms + (times.isEmpty ? [found] : times)).sorted().suffix(Self.mostOOMs))
        case .exited(let facts):
            mark.exitedAt = facts.finishedAt ?? found
        case .removed:
            return nil
        }
        return mark
    }
}

extension DockerEvent {
    // Podman uses other words than Docker for two of the actions.
    var isStart: Bool { action == "start" }
    var isEnd: Bool { action == "die" || action == "died" }
    /// Whether the event reports the removal of the container.
    package var isRemoval: Bool { action == "destroy" || action == "remove" }
    /// The new health level, or nil for other events.
    var health: HealthLevel? {
        guard action.hasPrefix("health_status: ") else { return nil }
        return HealthLevel(rawValue: String(action.dropFirst("health_status: ".count)))
    }
}

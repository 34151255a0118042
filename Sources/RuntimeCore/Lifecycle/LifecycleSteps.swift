import DockerPort
import JobContract
import Primitives

/// A missing step of a container's lifecycle.
package enum LifecycleStep: Sendable, Equatable {
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
package enum LifecycleSteps {
    /// Returns the missing steps.
    ///
    /// - Parameters:
    ///   - checkpoint: The checkpoint, or nil if no step is published.
    ///   - record: The records of jobs about the container.
    package static func missing(
        after checkpoint: Checkpoint?,
        seeing observation: Observation,
        knowing record: ContainerRecord = ContainerRecord()
    ) -> [LifecycleStep] {
        guard let owned = observation.container else { return stepsToTheEnd(checkpoint, observation, record) }
        let container = owned.inspect
        // A container that never ran has no lifecycle.
        guard let startedAt = container.startedAt else { return [] }
        var steps: [LifecycleStep] = []
        var run = Checkpoint(startedAt: startedAt, identity: ContainerIdentity(of: owned))
        if let checkpoint, continues(checkpoint, startedAt, container) {
            // The run's exit is published, so the run is complete.
            guard checkpoint.isRunning else { return [] }
            run = checkpoint
        } else {
            // The container restarted unnoticed. During a run, the Docker Engine keeps the end of the previous run.
            if let checkpoint, checkpoint.isRunning {
                steps += ooms(after: checkpoint, observation) { $0 < startedAt }
                steps.append(
                    .exited(exit(of: checkpoint, record, at: container.hasProcess ? container.finishedAt : nil))
                )
            }
            steps.append(.started(startedAt))
        }
        let ooms = ooms(after: run, observation) { $0 >= startedAt }
        steps += ooms
        if container.hasProcess {
            if let level = HealthLevel(rawValue: container.health), level != run.health { steps.append(.health(level)) }
        } else if let facts = ExitFacts(of: container) {
            if facts.oomKilled == true, run.ooms.isEmpty, ooms.isEmpty { steps.append(.oom([])) }
            steps.append(.exited(facts))
        }
        return steps
    }

    /// Returns whether ``missing(after:seeing:knowing:)`` needs the records of jobs.
    ///
    /// The records matter for the end of a run, and for a container that is gone without a published step.
    package static func needsRecord(after checkpoint: Checkpoint?, seeing observation: Observation) -> Bool {
        guard let container = observation.container?.inspect else { return checkpoint?.isRunning ?? true }
        guard container.hasProcess else { return true }
        return checkpoint.map { $0.startedAt != container.startedAt } ?? false
    }

    /// Returns whether the container still shows the run of the checkpoint.
    private static func continues(_ checkpoint: Checkpoint, _ startedAt: Timestamp, _ container: ContainerInspect)
        -> Bool
    {
        guard let published = checkpoint.startedAt else {
            return checkpoint.isRunning || checkpoint.exitedAt == container.finishedAt
        }
        return published == startedAt
    }

    private static func stepsToTheEnd(
        _ checkpoint: Checkpoint?,
        _ observation: Observation,
        _ record: ContainerRecord
    ) -> [LifecycleStep] {
        var steps: [LifecycleStep] = []
        var checkpoint = checkpoint
        if checkpoint == nil {
            // The container came and went unseen. Proof of its run is a job's record, or an event with a credible job
            // id. Nobody can inspect the image and the hostname any more.
            if let started = record.started {
                checkpoint = started
            } else if record.isClaimBelieved, let hint = observation.hints.first(where: { $0.isStart || $0.isEnd }) {
                checkpoint = Checkpoint(startedAt: nil, identity: ContainerIdentity(claimedBy: hint))
            } else {
                return []
            }
            steps.append(.started(checkpoint?.startedAt))
        }
        guard let checkpoint else { return [] }
        if checkpoint.isRunning {
            let ooms = ooms(after: checkpoint, observation) { _ in true }
            steps += ooms
            let exit = exit(of: checkpoint, record, at: nil)
            if exit.oomKilled == true, checkpoint.ooms.isEmpty, ooms.isEmpty { steps.append(.oom([])) }
            steps.append(.exited(exit))
        }
        return steps + [.removed]
    }

    /// Returns the end of a run that nobody can inspect any more. Prefers the end recorded by a job.
    private static func exit(of checkpoint: Checkpoint, _ record: ContainerRecord, at time: Timestamp?) -> ExitFacts {
        if let exit = record.lastExit, checkpoint.startedAt == nil || exit.startedAt == checkpoint.startedAt {
            return exit
        }
        return ExitFacts(startedAt: checkpoint.startedAt, finishedAt: time)
    }

    /// Returns the unpublished `oom` events among the hints, limited to times accepted by `belongs`.
    private static func ooms(
        after checkpoint: Checkpoint,
        _ observation: Observation,
        _ belongs: (Timestamp) -> Bool
    ) -> [LifecycleStep] {
        let times = Set(observation.hints.filter { $0.action == "oom" }.map(\.occurredAt))
        let unpublished = times.filter { !checkpoint.hasPublished(oom: $0) && belongs($0) }.sorted()
        // A single step for all events. A container with thousands of killed processes must not fill the stream.
        return unpublished.isEmpty ? [] : [.oom(unpublished)]
    }
}

extension Checkpoint {
    /// Returns the checkpoint after `step` is published, or nil after the end of the lifecycle.
    ///
    /// - Parameter found: The time of the step's discovery.
    package func after(_ step: LifecycleStep, found: Timestamp) -> Checkpoint? {
        var checkpoint = self
        switch step {
        case .started(let time):
            checkpoint = Checkpoint(startedAt: time, identity: identity)
        case .health(let level):
            checkpoint.health = level
        case .oom(let times):
            checkpoint.ooms = Array(
                (checkpoint.ooms + (times.isEmpty ? [found] : times)).sorted().suffix(Self.mostOOMs)
            )
        case .exited(let facts):
            checkpoint.exitedAt = facts.finishedAt ?? found
        case .removed:
            return nil
        }
        return checkpoint
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

import DockerPort
import JobContract
import Primitives

/// A step that a container's story lacks.
package enum StoryStep: Sendable, Equatable {
    /// nil where nobody could see when.
    case started(Timestamp?)
    case health(HealthLevel)
    /// The Engine's times of all that it stands for, ascending; empty where no event told of it.
    case oom([Timestamp])
    case exited(ExitFacts)
    case removed
}

/// The pure difference between what was published of a container and what was seen of it.
///
/// Events are only hints to look: whatever was missed, doubled or reordered, this answers the steps that are
/// missing, in order, and none that is there. Only an `oom`, which leaves no trace, is taken from its event.
package enum Story {
    /// - Parameters:
    ///   - mark: what was published last; nil: nothing.
    ///   - record: what jobs have told of the container.
    package static func missingSteps(
        after mark: StoryMark?,
        seeing sighting: Sighting,
        knowing record: ContainerRecord = ContainerRecord()
    ) -> [StoryStep] {
        guard let owned = sighting.container else { return stepsToTheEnd(mark, sighting, record) }
        let container = owned.inspect
        // A container that never ran has no story.
        guard let startedAt = container.startedAt else { return [] }
        var steps: [StoryStep] = []
        var run = StoryMark(startedAt: startedAt, identity: ContainerIdentity(of: owned))
        if let mark, continues(mark, startedAt, container) {
            // What was told of this run to its end is complete.
            guard mark.isRunning else { return [] }
            run = mark
        } else {
            // Begun again unseen: the end of the run before is kept by the Engine while this one goes on.
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

    /// Whether ``missingSteps(after:seeing:knowing:)`` uses what jobs have told: where a run is told to its end, or the
    /// container is gone and nothing was published of it.
    package static func needsRecord(after mark: StoryMark?, seeing sighting: Sighting) -> Bool {
        guard let container = sighting.container?.inspect else { return mark?.isRunning ?? true }
        guard container.hasProcess else { return true }
        return mark.map { $0.startedAt != container.startedAt } ?? false
    }

    /// Whether the run that was told last is the one that the container shows.
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
            // Come and gone unseen. That it ran is known of the job that started it, or of an event whose claim to be of
            // that job can be believed: nobody can look at the image and the hostname any more.
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

    /// The end of a run that nobody can look at any more: as a job saw it, where one did.
    private static func exit(of mark: StoryMark, _ record: ContainerRecord, at time: Timestamp?) -> ExitFacts {
        if let exit = record.lastExit, mark.startedAt == nil || exit.startedAt == mark.startedAt { return exit }
        return ExitFacts(startedAt: mark.startedAt, finishedAt: time)
    }

    /// The `oom`s that the hints tell and that were not published, of those whose time `belongs`.
    private static func ooms(
        after mark: StoryMark,
        _ sighting: Sighting,
        _ belongs: (Timestamp) -> Bool
    ) -> [StoryStep] {
        let times = Set(sighting.hints.filter { $0.action == "oom" }.map(\.occurredAt))
        let untold = times.filter { !mark.hasTold(oom: $0) && belongs($0) }.sorted()
        // One step for all: a container that is killed piece by piece must not fill the stream.
        return untold.isEmpty ? [] : [.oom(untold)]
    }
}

extension StoryMark {
    /// What was published last once `step` is, which was found at `found`; nil where the story has ended.
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
    // Podman's words for two of them differ from Docker's.
    var isStart: Bool { action == "start" }
    var isEnd: Bool { action == "die" || action == "died" }
    /// Whether the container is gone.
    package var isRemoval: Bool { action == "destroy" || action == "remove" }
    /// The level that a change of health came to; nil for other events.
    var health: HealthLevel? {
        guard action.hasPrefix("health_status: ") else { return nil }
        return HealthLevel(rawValue: String(action.dropFirst("health_status: ".count)))
    }
}

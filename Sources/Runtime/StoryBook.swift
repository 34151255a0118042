import DockerPort
import JobContract
import JobQueue
import Logging
import RuntimeCore
import Timestamps

/// What was published of the containers of a node, and how it is brought up to date.
struct StoryBook {
    let listener: EventsListener
    /// Encoded marks by container id, as Redis has them.
    private var marks: [String: String]

    init(listener: EventsListener, marks: [String: String]) {
        self.listener = listener
        self.marks = marks
    }

    /// Compares every container of ours, and every story that has not ended, with what the Engine says.
    mutating func compareAll() async throws {
        let ours = ListFilter(labels: [
            GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: listener.namespace,
        ])
        let present = try await listener.docker.list(ours).map(\.id)
        for id in Set(present).union(marks.keys).sorted() { try await compare(id, hint: nil) }
    }

    /// Looks at the container of an event.
    mutating func look(_ event: DockerEvent) async throws {
        let isOurs =
            event.labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue
            && event.labels[GalaxyLabel.namespace] == listener.namespace
        guard isOurs || marks[event.containerID] != nil else { return }
        guard ["start", "die", "destroy"].contains(event.action) else { return }
        try await compare(event.containerID, hint: event)
    }

    private mutating func compare(_ id: String, hint: DockerEvent?) async throws {
        let container = try await inspect(id)
        // A conflict means that what this book believed is old: once more with what is true.
        for _ in 0..<2 {
            let mark = marks[id].flatMap(StoryMark.init(encoded:))
            guard owns(container, mark) else { return }
            let steps = Story.missingSteps(after: mark, finding: container)
            guard !steps.isEmpty else { return }
            let update = try await update(id, mark, container, steps, hint)
            guard
                let answer = try await listener.queue.emit(
                    [update],
                    epoch: listener.epoch,
                    cursor: hint?.occurredAt.rfc3339
                )
            else { throw Fenced() }
            switch answer.first {
            case .conflict(let actual): marks[id] = actual.isEmpty ? nil : actual
            default:
                marks[id] = update.newMark.isEmpty ? nil : update.newMark
                log(update)
                return
            }
        }
    }

    private func inspect(_ id: String) async throws -> ContainerInspect? {
        do throws(DockerError) {
            return try await listener.docker.inspectContainer(id)
        } catch {
            guard error.code == .containerNotFound else { throw error }
            return nil
        }
    }

    private func owns(_ container: ContainerInspect?, _ mark: StoryMark?) -> Bool {
        guard let container else { return mark != nil }
        return container.labels[GalaxyLabel.owner] == GalaxyLabel.ownerValue
            && container.labels[GalaxyLabel.namespace] == listener.namespace
    }

    private func update(
        _ id: String,
        _ mark: StoryMark?,
        _ container: ContainerInspect?,
        _ steps: [StoryStep],
        _ hint: DockerEvent?
    ) async throws -> StoryUpdate {
        let hasExit = steps.contains { if case .exited = $0 { true } else { false } }
        let stopRequested = hasExit ? try await !listener.queue.intents(containerIDs: [id]).isEmpty : false
        let identity = mark ?? container.map { StoryMark(.exited(Timestamp(seconds: 0)), of: $0) }
        var newMark = identity
        var entries: [LifecycleEvent] = []
        for step in steps {
            guard let identity else { break }
            let entry = StoryEntry(
                id: id,
                identity: identity,
                step: step,
                startedAt: newMark?.startedAt ?? container?.startedAt,
                stopRequested: stopRequested,
                hint: hint,
                found: MonotonicClock.wallNow
            )
            entries.append(entry.event)
            newMark = entry.markAfter
        }
        return StoryUpdate(
            containerID: id,
            gameID: identity?.gameID ?? "",
            expectedMark: marks[id] ?? "",
            newMark: newMark?.encoded ?? "",
            entries: entries
        )
    }

    private func log(_ update: StoryUpdate) {
        for entry in update.entries {
            var metadata: Logger.Metadata = [
                "event": "\(entry.kind.rawValue)", "game": "\(entry.gameID)",
                "container": "\(update.containerID.prefix(12))",
            ]
            if let reason = entry.reason { metadata["reason"] = "\(reason.rawValue)" }
            listener.logger.info("event published", metadata: metadata)
        }
    }
}

/// One step made into the entry that is published and the mark that says so.
struct StoryEntry {
    let id: String
    let identity: StoryMark
    let step: StoryStep
    /// Of the run that the step belongs to, where it is known.
    let startedAt: Timestamp?
    let stopRequested: Bool
    let hint: DockerEvent?
    /// When this was found, for steps whose own time nobody can know.
    let found: Timestamp

    var event: LifecycleEvent {
        var event = LifecycleEvent(
            kind: kind,
            action: action,
            containerID: id,
            containerName: identity.containerName,
            gameID: identity.gameID,
            jobID: identity.jobID,
            image: identity.image,
            occurredAt: found,
            labels: identity.labels
        )
        if let action, let hint, action == hint.action { event.occurredAt = hint.occurredAt }
        switch step {
        case .started(let at):
            event.startedAt = at
            if action == nil { event.occurredAt = at }
        case .exited(let at, let exitCode, let oomKilled):
            event.startedAt = startedAt
            event.finishedAt = at
            event.exitCode = exitCode
            event.oomKilled = oomKilled
            event.reason = ExitClassification.reason(
                exitCode: exitCode,
                oomKilled: oomKilled ?? false,
                stopRequested: stopRequested
            )
            if action == nil { event.occurredAt = at ?? found }
        case .removed:
            break
        }
        return event
    }

    /// What was published last after this step; nil where the story has ended.
    var markAfter: StoryMark? {
        var mark = identity
        switch step {
        case .started(let at): mark.position = .started(at)
        case .exited(let at, _, _): mark.position = .exited(at ?? found)
        case .removed: return nil
        }
        return mark
    }

    private var kind: LifecycleKind {
        switch step {
        case .started: .started
        case .exited: .exited
        case .removed: .removed
        }
    }

    /// Docker's action where the hint is of this very step; else it was found by looking.
    private var action: String? {
        let actions: [LifecycleKind: String] = [.started: "start", .exited: "die", .removed: "destroy"]
        guard let hint, actions[kind] == hint.action else { return nil }
        return hint.action
    }
}

extension StoryMark {
    /// When the run began whose start was published last, where that is what was published last.
    var startedAt: Timestamp? {
        if case .started(let at) = position { return at }
        return nil
    }

    /// One line each: `s` or `e`, its time, name, game, job, image, labels. The script looks at the first letter.
    var encoded: String {
        let (letter, time): (String, Timestamp) =
            switch position {
            case .started(let at): ("s", at)
            case .exited(let at): ("e", at)
            }
        let lines = [letter, time.rfc3339, containerName, gameID, jobID, image, JSONText.object(labels)]
        return lines.joined(separator: "\n")
    }

    init?(encoded: String) {
        let lines = encoded.split(separator: "\n", maxSplits: 6, omittingEmptySubsequences: false).map(String.init)
        guard lines.count == 7, let time = Timestamp(rfc3339: lines[1]), let labels = JSONText.strings(lines[6]) else {
            return nil
        }
        let position: Position
        switch lines[0] {
        case "s": position = .started(time)
        case "e": position = .exited(time)
        default: return nil
        }
        self.init(
            position,
            containerName: lines[2],
            gameID: lines[3],
            jobID: lines[4],
            image: lines[5],
            labels: labels
        )
    }
}

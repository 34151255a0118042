import JobContract
import Primitives
import QueueAdmin
import RuntimeClient
import Terminal

/// The page of a game: its container, its jobs, and its latest results and events.
package struct GamePage: Sendable, Equatable {
    /// The number of entries from each stream to read in search of the game's own.
    package static let mostSearched = 5_000
    /// The number of entries of the game to show from each stream.
    package static let mostShown = 30

    package var detail: GameDetail
    package var history: StreamSearch
    /// The first job of the game that no worker has taken in; nil: none was found.
    package var queued: QueuedJob?

    package init(detail: GameDetail, history: StreamSearch = StreamSearch(), queued: QueuedJob? = nil) {
        self.detail = detail
        self.history = history
        self.queued = queued
    }

    /// Whether anything is known of the game.
    package var isKnown: Bool { detail.isKnown || !history.found.isEmpty || queued != nil }

    /// The job that runs or runs next, and what it waits for.
    package var nextJob: (id: JobID, stage: String)? {
        if let head = detail.head { return (head.id, WaitStage(head).phrase) }
        return queued.map { ($0.id, $0.place.phrase) }
    }

    private var now: Timestamp { Timestamp(millisecondsSinceEpoch: detail.now) }

    /// What is known of the game, by name.
    package var facts: [PageFact] {
        var facts = [PageFact("game", .init(detail.id.text, .heading))]
        facts.append(PageFact("state", Self.state(detail.status, on: detail.place?.nodeStates ?? [:])))
        if let status = detail.status {
            facts += containerFacts(status)
        } else if let owner = detail.owner {
            facts.append(PageFact("node", .node(owner.text)))
        }
        if let head = detail.head {
            let kind = head.fields["kind"] ?? "job"
            facts.append(PageFact("next job", .init("\(kind) \(head.id)", link: .job(head.id.text))))
            facts.append(PageFact("its state", .init(WaitStage(head).phrase, .notable)))
        }
        for id in detail.behind { facts.append(PageFact("behind it", .init(id.text, link: .job(id.text)))) }
        if detail.behindCount > detail.behind.count {
            let more = ShortCount.text(detail.behindCount - detail.behind.count, "more job", "more jobs")
            facts.append(PageFact("", .init(more, .dim)))
        }
        if let queued {
            let id = queued.id.text
            facts.append(PageFact("in a queue", .init("\(queued.kind.rawValue) \(id)", link: .job(id))))
            facts.append(PageFact("its state", .init(queued.place.sentence, .notable)))
        }
        return facts
    }

    private func containerFacts(_ status: GameStatus) -> [PageFact] {
        var facts: [PageFact] = []
        if let since = status.since {
            let span = ShortTime.span(from: since, to: now)
            facts.append(PageFact("since", .init("\(ShortTime.stamp(since)) UTC, \(span) ago")))
        }
        facts.append(PageFact("node", .node(status.node.text)))
        if let endpoint = status.endpoint { facts.append(PageFact("endpoint", .init(endpoint))) }
        facts.append(PageFact("container", .init(status.containerID.text)))
        facts.append(PageFact("image", .init(status.image)))
        facts.append(PageFact("started by", .init(status.jobID.text, link: .job(status.jobID.text))))
        if let owner = detail.owner, owner != status.node {
            facts.append(PageFact("belongs to", .node(owner.text, .notable)))
        }
        return facts
    }

    /// The state of a container in words, with the reason of its end; without a container, that there is none.
    ///
    /// - Parameter nodes: The states of nodes, as far as they are known.
    package static func state(_ status: GameStatus?, on nodes: [NodeID: NodeState] = [:]) -> TextTable.Cell {
        guard let status else { return .init("no container", .dim) }
        guard !status.isRunning else {
            let cell = TextTable.Cell("running", .good)
            return nodes[status.node]?.cell(ofRunning: cell) ?? cell
        }
        let code = status.exitCode.map { "exit code \($0)" }
        let reason = status.reason?.rawValue.replacing("_", with: " ")
        let words = ["exited", [reason, code].compactMap { $0 }.joined(separator: ", ")].filter { !$0.isEmpty }
        return .init(words.joined(separator: ": "), status.hasFailed ? .bad : .plain)
    }

    /// Commands for the next step, ready to copy.
    package var commands: [String] {
        let name = detail.id.text
        guard let status = detail.status else {
            // A second start would only wait behind this job.
            if let next = nextJob { return ["rtmanager job \(next.id)"] }
            return ["rtmanager start \(name) --image IMAGE --wait"]
        }
        let logs = "docker logs \(status.containerID.short)   # on node \(ShortID.node(status.node.text))"
        let steps = status.isRunning ? ["restart", "stop"] : ["restart", "remove"]
        return [logs] + steps.map { "rtmanager \($0) \(name) --wait" }
    }
}

extension GamePage {
    /// Returns the page as lines: the facts, the latest history, and the commands for the next step.
    package func lines(on surface: Surface) -> [TerminalText] {
        var lines = facts.lines(on: surface)
        if !history.found.isEmpty { lines += [""] + history.found.flatMap { EntryLine($0).lines(on: surface) } }
        lines += ["", surface.painter.paint("next", .dim)]
        return lines + commands.map { "  \($0)" }
    }

    /// The page for machines.
    package var json: JSONNode {
        let status = detail.status
        return .object([
            ("game_id", .string(detail.id.text)),
            ("state", .string(status.map { $0.isRunning ? "running" : "exited" } ?? "absent")),
            ("node", (status?.node ?? detail.owner).map { .string($0.text) }),
            ("container_id", status.map { .string($0.containerID.text) }), ("image", status.map { .string($0.image) }),
            ("engine_endpoint", status?.endpoint.map { .string($0) }),
            ("since", status?.since.map { .string($0.rfc3339) }),
            ("reason", status?.reason.map { .string($0.rawValue) }),
            ("exit_code", status?.exitCode.map { .integer($0) }),
            ("started_by", status.map { .string($0.jobID.text) }),
            ("next_job", nextJob.map { .string($0.id.text) }), ("stage", nextJob.map { .string($0.stage) }),
            ("jobs_behind", .integer(detail.behindCount)),
            ("history", .array(history.found.map(\.json))),
        ])
    }
}

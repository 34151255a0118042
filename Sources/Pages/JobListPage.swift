import JobContract
import Primitives
import QueueAdmin
import Terminal

/// The page of `rtmanager jobs`, and of the list of dead letters.
package struct JobListPage: Sendable, Equatable {
    package var list: JobList

    package init(_ list: JobList) { self.list = list }

    /// The jobs, each with its state and the reason why it is not done.
    package var table: TextTable {
        var table = TextTable([
            .init("STATE"), .init("JOB", least: 8), .init("KIND"), .init("GAME", least: 12),
            .init("NODE", least: 8, isRare: true), .init("AGE", isNumber: true), .init("WHY", wraps: true),
        ])
        table.rows = list.jobs.map { job in
            [
                Self.state(job), .init(ShortID.text(job.id.text), link: .job(job.id.text)),
                .init(job.kind.isEmpty ? "-" : job.kind), Self.game(job), Self.node(job), age(of: job),
                .init(Self.reason(job), job.state == .running ? .plain : job.code == nil ? .plain : .bad),
            ]
        }
        return table
    }

    /// Dead letters with the entries that name them.
    package var deadTable: TextTable {
        var table = TextTable([
            .init("ENTRY"), .init("JOB", least: 8), .init("KIND"), .init("GAME", least: 12),
            .init("QUEUE", least: 7, isRare: true), .init("AGE", isNumber: true), .init("WHY", wraps: true),
        ])
        table.rows = list.jobs.compactMap { job in
            guard case .dead(let letter) = job.source else { return nil }
            return [
                .init(letter.entry), .init(ShortID.text(job.id.text), link: .job(job.id.text)),
                .init(job.kind.isEmpty ? "-" : job.kind), Self.game(job), .init(letter.queue), age(of: job),
                .init(Self.reason(job), .bad),
            ]
        }
        return table
    }

    /// The parts of the list behind this one: one for each state with more jobs.
    package var next: [JobListPart] {
        ListedState.allCases.filter(list.more.contains).compactMap { state in
            guard let last = list.jobs.last(where: { $0.state == state })?.position else { return nil }
            return state == .dead ? .before(last) : .after(last)
        }
    }

    /// The part of the list before this one; nil if this part is the begin or has no job.
    package var previous: JobListPart? {
        guard list.hasMoreBefore, let first = list.jobs.first else { return nil }
        return first.state == .dead ? .after(first.position) : .before(first.position)
    }

    /// Lines about jobs that the list lacks, with the flags that show them. A flag stays in one piece, to be copied.
    private func moreLines(_ width: Int?) -> [String] {
        next.flatMap { part -> [String] in
            guard let position = part.position else { return [] }
            let flag = if case .before = part { "--before" } else { "--after" }
            let text = "there are more \(position.state.rawValue) jobs:"
            let line = "\(text) \(flag) '\(position.text)'"
            return line.count <= width ?? .max ? [line] : [text, "    \(flag) '\(position.text)'"]
        }
    }

    /// Sentences about jobs that nobody has searched.
    package var remarks: [String] {
        let unsearched = ListedState.allCases.filter(list.unsearched.contains).map(\.rawValue)
        guard !unsearched.isEmpty else { return [] }
        return ["not all \(unsearched.joined(separator: " and ")) jobs were searched: there are too many"]
    }

    /// Returns the page as lines. An empty list has no lines.
    package func lines(on surface: Surface) -> [TerminalText] {
        table.lines(on: surface, things: "jobs")
            + (moreLines(surface.width) + remarks).map { surface.painter.paint(TerminalText($0), .dim) }
    }

    /// Returns the dead letters as lines. An empty list has no lines.
    package func deadLines(on surface: Surface) -> [TerminalText] {
        let more = list.more.isEmpty ? [] : ["there are more dead jobs: --limit shows more"]
        return deadTable.lines(on: surface, things: "letters")
            + (more + remarks).map { surface.painter.paint(TerminalText($0), .dim) }
    }

    private func age(of job: ListedJob) -> TextTable.Cell {
        .init(job.time.map { ShortTime.span(milliseconds: max(0, list.now - $0)) } ?? "-")
    }

    private static func state(_ job: ListedJob) -> TextTable.Cell {
        switch job.state {
        case .retrying: .init(job.state.rawValue, .notable)
        case .running: .init(job.state.rawValue, .good)
        case .waiting: .init(job.state.rawValue)
        case .dead: .init(job.state.rawValue, .bad)
        }
    }

    private static func game(_ job: ListedJob) -> TextTable.Cell {
        let id = job.gameID.text
        return id.isEmpty ? "-" : .init(id, link: .game(id))
    }

    private static func node(_ job: ListedJob) -> TextTable.Cell {
        job.node.map { .node($0.text) } ?? "-"
    }

    /// Why the job waits or failed, or what it is at.
    package static func reason(_ job: ListedJob) -> String {
        switch job.source {
        case .live(let detail): WaitStage(detail).phrase
        case .queued(let before, let queue, let isWindowFull):
            WaitReason.phrase(queue, before: before, isWindowFull: isWindowFull)
        case .dead(let letter): "\(letter.errorCode): \(EscapedText.cut(letter.error, to: 1_000))"
        }
    }

    /// Returns a job for machines.
    package static func json(_ job: ListedJob) -> JSONNode {
        var entry: String?
        var due: Int64?
        switch job.source {
        case .live(let detail): due = detail.due
        case .queued: break
        case .dead(let letter): entry = letter.entry
        }
        return .object([
            ("job_id", .string(job.id.text)), ("state", .string(job.state.rawValue)),
            ("kind", job.kind.isEmpty ? nil : .string(job.kind)),
            ("game_id", job.gameID.isEmpty ? nil : .string(job.gameID.text)), ("queue", .string(job.queue)),
            ("node", job.node.map { .string($0.text) }), ("attempts", job.attempts.map { .integer($0) }),
            ("time", job.time.map { .time($0) }), ("next_attempt", due.map { .time($0) }),
            ("error_code", job.code.map { .string($0) }), ("error", job.error.map { .string($0) }),
            ("why", .string(reason(job))), ("dead_entry", entry.map { .string($0) }),
            ("position", .string(job.position.text)),
        ])
    }
}

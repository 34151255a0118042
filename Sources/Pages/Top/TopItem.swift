import JobContract
import Primitives
import QueueAdmin
import Terminal

/// The lists of `rtmanager top`.
package enum TopTab: String, Sendable, Equatable, CaseIterable {
    case jobs, games, queues, nodes
}

/// A thing in a list of `rtmanager top`.
package enum TopItem: Sendable, Hashable {
    case job(JobID)
    case dead(entry: String, JobID)
    case game(GameID)
    case queue(String, isPaused: Bool)
    case node(NodeID, isDraining: Bool)

    /// Whether both are the same thing, perhaps in another state.
    func isSame(as other: TopItem) -> Bool {
        switch (self, other) {
        case (.queue(let one, _), .queue(let two, _)): one == two
        case (.node(let one, _), .node(let two, _)): one == two
        default: self == other
        }
    }
}

/// What `rtmanager top` has read of a fleet.
package struct TopData: Sendable, Equatable {
    package var status: StatusPage
    package var jobs: JobList

    package init(status: StatusPage, jobs: JobList) {
        self.status = status
        self.jobs = jobs
    }

    /// A row of a list: what it is about, its cells, and more words for the filter.
    struct Row: Sendable, Equatable {
        var item: TopItem
        var cells: [TextTable.Cell]
        var words: String

        init(_ item: TopItem, _ cells: [TextTable.Cell], words: String = "") {
            self.item = item
            self.cells = cells
            self.words = words
        }

        func matches(_ filter: String) -> Bool {
            filter.isEmpty || ([words] + cells.map(\.text)).contains { $0.lowercased().contains(filter.lowercased()) }
        }
    }

    /// Returns the columns and rows of a list.
    func list(_ tab: TopTab) -> (columns: [TextTable.Column], rows: [Row]) {
        switch tab {
        case .jobs:
            let table = JobListPage(jobs).table
            return (table.columns, zip(jobs.jobs, table.rows).map { Row(Self.item($0), $1, words: Self.words($0)) })
        case .games:
            let table = status.games
            return (
                table.columns,
                zip(status.containers, table.rows).map {
                    Row(.game($0.gameID), $1, words: "\($0.id) \($0.node)")
                }
            )
        case .queues:
            let table = status.queues
            return (
                table.columns,
                zip(status.overview.queues, table.rows).map { Row(.queue($0.name, isPaused: $0.isPaused), $1) }
            )
        case .nodes:
            let table = status.nodes
            let draining = Set(status.overview.nodes.filter(\.isDraining).map(\.id.text))
            let rows = table.rows.map { cells in
                // The cell has the short form of the id.
                let id = cells[0].link?.name ?? cells[0].text
                return Row(.node(NodeID(id), isDraining: draining.contains(id)), cells, words: id)
            }
            return (table.columns, rows)
        }
    }

    private static func item(_ job: ListedJob) -> TopItem {
        guard case .dead(let letter) = job.source else { return .job(job.id) }
        return .dead(entry: letter.entry, job.id)
    }

    private static func words(_ job: ListedJob) -> String { "\(job.id) \(job.queue) \(job.node?.text ?? "")" }

    /// Returns the number of things in a list.
    func count(_ tab: TopTab) -> Int {
        switch tab {
        case .jobs: jobs.jobs.count
        case .games: status.containers.count
        case .queues: status.overview.queues.count
        case .nodes: status.overview.nodeCount
        }
    }
}

/// The page of one thing in `rtmanager top`.
package enum TopDetail: Sendable, Equatable {
    case game(GamePage)
    case job(JobPage)

    func lines(on surface: Surface) -> [TerminalText] {
        switch self {
        case .game(let page): page.lines(on: surface)
        case .job(let page): page.lines(on: surface)
        }
    }
}

/// What `rtmanager top` does outside of its screen.
package enum TopAction: Sendable, Equatable {
    case quit
    case show(TopItem)
    case retry(entry: String, JobID)
    case drop(entry: String, JobID)
    case change(ServiceChange)

    /// The word and the target of a change for the audit; nil: nothing changes.
    package var audited: (action: String, target: String)? {
        switch self {
        case .quit, .show: nil
        case .retry(let entry, let id): ("retry", "\(entry) \(id)")
        case .drop(let entry, let id): ("drop", "\(entry) \(id)")
        case .change(let change): (change.word, change.target)
        }
    }

    /// The action as a question to the person.
    var question: String {
        switch self {
        case .quit: "end"
        case .show: "show"
        case .retry(_, let id): "run job \(ShortID.text(id.text)) again"
        case .drop(_, let id): "drop dead letter \(ShortID.text(id.text))"
        case .change(.pause(let queue)): "pause queue \(queue)"
        case .change(.resume(let queue)): "resume queue \(queue)"
        case .change(.drain(let node)): "drain node \(ShortID.node(node.text))"
        case .change(.resumeNode(let node)): "resume node \(ShortID.node(node.text))"
        }
    }
}

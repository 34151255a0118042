import Diagnostics
import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import RuntimeClient
import Terminal

/// The content of a worker's page, as read from Redis at a certain time.
package struct DashboardLook: Sendable, Equatable {
    /// The largest number of results to read.
    package static let mostResults = 200
    /// The largest number of rows in a table.
    private static let mostRows = 100
    /// The number of results with a row.
    private static let shownResults = 20
    /// The greatest age of a counted result, in milliseconds.
    private static let recent: Int64 = 300_000

    package var status: StatusPage
    /// The latest results, the newest first.
    package var results: [StreamEntry] = []
    /// The doctor's warnings and failures.
    package var warnings: [Finding] = []
    /// The figures of the last minutes.
    package var minutes = MinuteHistory()

    package init(status: StatusPage, results: [StreamEntry] = [], warnings: [Finding] = []) {
        self.status = status
        self.results = results
        self.warnings = warnings
    }

    /// The content below the worker's own checks.
    var blocks: [ConsoleContent.Block] {
        let overview = status.overview
        let tables = status.tables.map { section($0.1.prefix(1).uppercased() + $0.1.dropFirst(), $0.0, $0.1) }
        var blocks: [ConsoleContent.Block] = [
            .note("\(status.title), \(ShortTime.stamp(status.now)) UTC", .dim), .tiles(tiles),
        ]
        blocks += status.remarks.map { .note($0, .bad) }
        blocks += warnings.prefix(Self.mostRows).map { finding in
            let style: TextStyle = finding.level == .warning ? .notable : .bad
            return .advice("\(finding.check): \(finding.text)", style, command: finding.mend)
        }
        blocks.append(.charts(minutes.charts(now: overview.now)))
        blocks += tables.flatMap { $0 }
        let latest = latest
        if !latest.rows.isEmpty {
            blocks += [.heading("Results"), .note(tally, .plain), .table(latest, of: "results")]
        }
        return blocks
    }

    /// The health of the fleet at a glance.
    private var tiles: [Tile] {
        let overview = status.overview
        func count(_ number: Int) -> String { TextTable.grouped(number) }
        let waiting = overview.queues.reduce(0) { $0 + $1.waiting + $1.readyStarts + $1.readyStops }
        let oldest = overview.queues.compactMap(\.oldest).min().map { max(0, overview.now - $0) }
        let games = overview.nodes.reduce(0) { $0 + $1.games }
        let away = overview.lostCount + overview.silentCount
        let up = max(0, overview.nodeCount - away - overview.drainingCount)
        return [
            Tile("games", count(games), .plain, .games(search: "", page: 1)),
            Tile("jobs waiting", count(waiting), .plain, .queues),
            Tile(
                "longest wait",
                oldest.map { ShortTime.span(milliseconds: $0) } ?? "-",
                .plain,
                .queues
            ),
            Tile("jobs running", count(overview.runningCount), .plain, .jobs(JobChoice())),
            Tile(
                "jobs retrying",
                count(overview.retryingCount),
                overview.retryingCount > 0 ? .notable : .plain,
                .jobs(JobChoice())
            ),
            Tile("dead letters", count(overview.deadCount), overview.deadCount > 0 ? .bad : .plain, .dead(DeadPage())),
            Tile("nodes up", "\(count(up)) of \(count(overview.nodeCount))", away > 0 ? .bad : .plain, .nodes),
        ]
    }

    private func section(_ heading: String, _ table: TextTable, _ things: String) -> [ConsoleContent.Block] {
        guard !table.rows.isEmpty || table.omitted > 0 else { return [] }
        var table = table
        table.cut(to: Self.mostRows)
        return [.heading(heading), .table(table, of: things)]
    }

    /// The outcomes of jobs in the last minutes.
    private var tally: String {
        let since = status.overview.now - Self.recent
        let recent = results.filter { $0.writtenAt >= since }
        let succeeded = recent.count { $0.result?.succeeded == true }
        let more = recent.count >= Self.mostResults ? " (no more are counted)" : ""
        return "last 5 minutes: \(succeeded) succeeded, \(recent.count - succeeded) did not\(more)"
    }

    private var latest: TextTable {
        ConsoleContent.table(of: Array(results.prefix(Self.shownResults)), now: status.overview.now)
    }
}

/// The overview: the worker's own state and the data from Redis.
package struct DashboardPage: Sendable, Equatable {
    package var readiness: Readiness
    /// The data from Redis; nil: Redis was never read.
    package var look: DashboardLook?
    /// The reason why the last read of Redis failed; nil: the read succeeded.
    package var problem: String?

    package init(readiness: Readiness, look: DashboardLook? = nil, problem: String? = nil) {
        self.readiness = readiness
        self.look = look
        self.problem = problem
    }

    package var content: ConsoleContent {
        // One line for all good checks: on a phone, the figures of the fleet shall follow at once.
        let good = readiness.checks.filter(\.holds)
        var checks: [ConsoleContent.Block] = readiness.checks.filter { !$0.holds }.map { check in
            .note("\(check.name): \(check.reason)", .bad)
        }
        if let loop = good.first {
            let others = good.dropFirst().map(\.name).joined(separator: ", ")
            checks.append(.note("\(loop.name): \(loop.reason)\(others.isEmpty ? "" : "; ok: \(others)")", .good))
        }
        let trouble = problem.map {
            let old = look == nil ? "" : "; what follows was read before"
            return ConsoleContent.Block.note("Redis was not read: \(EscapedText.cut($0, to: 120))\(old)", .bad)
        }
        var content = ConsoleContent(checks + [trouble].compactMap { $0 } + (look?.blocks ?? []))
        content.staleness = problem.map { problem in
            let isFirst = problem == Dashboard.NotRead.yet.description
            return Staleness(isFirst ? .busy : .redisAway, "Redis was not read: \(problem)", readAt: look?.status.now)
        }
        return content
    }

    /// Returns the whole page of a worker, for readers.
    package func html(of worker: String) -> String {
        ConsoleFrame(route: .overview, worker: worker).html(around: content.html)
    }
}

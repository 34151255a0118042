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

    package init(status: StatusPage, results: [StreamEntry] = [], warnings: [Finding] = []) {
        self.status = status
        self.results = results
        self.warnings = warnings
    }

    /// The HTML below the worker's own checks.
    package var html: String {
        let tables = status.tables.map { section($0.1.prefix(1).uppercased() + $0.1.dropFirst(), $0.0, $0.1) }
        let parts =
            [
                HTMLText.element("p", "\(status.title), \(ShortTime.stamp(status.now)) UTC", .dim),
                HTMLText.element("p", status.sums),
                status.remarks.map { HTMLText.element("p", $0, .bad) }.joined(separator: "\n"),
                list,
            ] + tables + [section("Results", latest, "results")]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func section(_ heading: String, _ table: TextTable, _ things: String) -> String {
        var table = table
        table.cut(to: Self.mostRows)
        let tally = things == "results" ? HTMLText.element("p", tally) + "\n" : ""
        let html = tally + table.html(things: things)
        return html.isEmpty ? "" : HTMLText.element("h2", heading) + "\n" + html
    }

    /// The warnings, each with its fix.
    private var list: String {
        warnings.prefix(Self.mostRows).map { finding in
            let style: TextStyle = finding.level == .warning ? .notable : .bad
            let mend = finding.mend.map { " " + HTMLText.element("code", $0) } ?? ""
            return "<p>" + HTMLText.element("span", "\(finding.check): \(finding.text)", style) + mend + "</p>"
        }.joined(separator: "\n")
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

/// The whole page: the worker's own state and the data from Redis.
package struct DashboardPage: Sendable, Equatable {
    package var worker: String
    package var readiness: Readiness
    /// The data from Redis; nil: Redis was never read.
    package var look: DashboardLook?
    /// The reason why the last read of Redis failed; nil: the read succeeded.
    package var problem: String?

    package init(worker: String, readiness: Readiness, look: DashboardLook? = nil, problem: String? = nil) {
        self.worker = worker
        self.readiness = readiness
        self.look = look
        self.problem = problem
    }

    package var html: String {
        let checks = readiness.checks.map { check in
            HTMLText.element("p", "\(check.name): \(check.reason)", check.holds ? .good : .bad)
        }
        let trouble = problem.map {
            let old = look == nil ? "" : "; what follows was read before"
            return HTMLText.element("p", "Redis was not read: \(EscapedText.cut($0, to: 120))\(old)", .bad)
        }
        let body = checks + [trouble, look?.html].compactMap { $0 }
        return ConsoleFrame(route: .overview, worker: worker).html(around: body.joined(separator: "\n"))
    }
}

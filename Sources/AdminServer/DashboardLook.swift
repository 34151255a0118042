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
        var table = TextTable([.init("AGO", isNumber: true), .init("GAME"), .init("RESULT"), .init("DETAILS")])
        table.rows = results.prefix(Self.shownResults).map { entry in
            let line = EntryLine(entry)
            return [
                .init(ShortTime.span(from: line.time, to: status.now)), .init(line.gameID.text), line.word,
                .init(line.details.joined(separator: ", ")),
            ]
        }
        return table
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
        let parts =
            [Self.head, HTMLText.element("h1", "rtmanager"), HTMLText.element("p", "worker \(worker)", .dim)]
            + checks + [trouble, look?.html].compactMap { $0 }
        return parts.joined(separator: "\n") + "\n</body></html>\n"
    }

    private static let head = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>rtmanager</title>
        <meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
        <style>
        :root { color-scheme: light dark; --good: #17713a; --notable: #8a5a00; --bad: #b3261e; --dim: #666; --line: #ddd }
        @media (prefers-color-scheme: dark) {
          :root { --good: #6fd08c; --notable: #e5b454; --bad: #ff8a80; --dim: #999; --line: #333 }
        }
        body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; overflow-wrap: anywhere }
        h1 { font-size: 1.2rem } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem } p { margin: .2rem 0 }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums }
        th, td { text-align: left; padding: .15rem 1rem .15rem 0; border-bottom: 1px solid var(--line) }
        th { color: var(--dim); font-weight: normal; font-size: .8rem } .number { text-align: right }
        .good { color: var(--good) } .notable { color: var(--notable) } .bad { color: var(--bad) }
        .dim { color: var(--dim) }
        </style></head><body>
        """
}

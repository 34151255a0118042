import Diagnostics
import JobContract
import JobQueue
import Pages
import Primitives
import RuntimeClient
import Terminal

/// What the page of a worker shows, as it was read at one moment.
package struct DashboardLook: Sendable, Equatable {
    /// Results that are read, at most.
    package static let mostResults = 200
    /// Rows of a table.
    private static let mostRows = 100
    /// Results that have a row.
    private static let shownResults = 20
    /// Results older than that many ms are not counted.
    private static let recent: Int64 = 300_000

    package var status: StatusPage
    /// The latest first.
    package var results: [StreamEntry] = []
    /// What the doctor would warn of.
    package var warnings: [Finding] = []

    package init(status: StatusPage, results: [StreamEntry] = [], warnings: [Finding] = []) {
        self.status = status
        self.results = results
        self.warnings = warnings
    }

    /// All but the head of the page, which is the worker's own.
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

    /// The warnings, with how to mend each.
    private var list: String {
        warnings.prefix(Self.mostRows).map { finding in
            let style: TextStyle = finding.level == .warning ? .notable : .bad
            let mend = finding.mend.map { " " + HTMLText.element("code", $0) } ?? ""
            return "<p>" + HTMLText.element("span", "\(finding.check): \(finding.text)", style) + mend + "</p>"
        }.joined(separator: "\n")
    }

    /// How the jobs of the last minutes have ended.
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
                .init(ShortTime.span(from: line.time, to: status.now)), .init(line.gameID), line.word,
                .init(line.details.joined(separator: ", ")),
            ]
        }
        return table
    }
}

/// The whole page: what the worker knows of itself, and what was read of Redis.
package struct DashboardPage: Sendable, Equatable {
    package var worker: String
    package var readiness: Readiness
    /// Nil where Redis was never read.
    package var look: DashboardLook?
    /// Why Redis could not be read this time; nil: it could.
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

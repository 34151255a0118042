import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Terminal

/// The list of workers for people and for machines.
package enum WorkerTable {
    /// Returns the workers as a table, those without a sign of life first.
    package static func table(_ list: WorkerList) -> TextTable {
        var table = TextTable([
            .init("HOST", least: 10), .init("PID", isNumber: true), .init("NODE", least: 8), .init("STATE"),
            .init("RUNNING", isNumber: true), .init("STARTS", isNumber: true, isRare: true),
            .init("UP FOR", isNumber: true, isRare: true), .init("VERSION", isRare: true),
            .init("CONSOLE", isRare: true), .init("QUEUES", wraps: true),
        ])
        table.rows = list.workers.map { worker in
            let about = worker.description
            // The time of a dead worker does not go on.
            let end = min(list.now, worker.aliveUntil)
            let age = about.startedAt.map { ShortTime.span(milliseconds: end - $0.millisecondsSinceEpoch) }
            return [
                .init(worker.host), .init(worker.pid.map { "\($0)" } ?? "-"),
                worker.node.isEmpty ? "-" : .node(worker.node.text),
                state(worker, now: list.now), .init(TextTable.grouped(worker.running)),
                .init(about.concurrency.map { "\($0)" } ?? "-"), .init(age ?? "-"),
                .init(worker.version.isEmpty ? "-" : worker.version),
                about.console.map { .init($0, link: .console($0, host: worker.host)) } ?? "-",
                .init(worker.queues.isEmpty ? "-" : worker.queues.joined(separator: " ")),
            ]
        }
        table.omitted = max(0, list.count - list.workers.count)
        return table
    }

    private static func state(_ worker: WorkerOverview, now: Int64) -> TextTable.Cell {
        if worker.aliveUntil > now { return .init("alive", .good) }
        return .init("dead \(ShortTime.span(milliseconds: now - worker.aliveUntil))", .bad)
    }

    /// Returns a worker for machines.
    package static func json(_ worker: WorkerOverview, now: Int64) -> JSONNode {
        let about = worker.description
        return .object([
            ("worker", .string(worker.id)), ("host", .string(worker.host)), ("pid", worker.pid.map { .integer($0) }),
            ("node", .string(worker.node.text)), ("alive", .boolean(worker.aliveUntil > now)),
            ("alive_until", .time(worker.aliveUntil)), ("running", .integer(worker.running)),
            ("concurrency", about.concurrency.map { .integer($0) }),
            ("started_at", about.startedAt.map { .string($0.rfc3339) }), ("console", about.console.map { .string($0) }),
            ("version", worker.version.isEmpty ? nil : .string(worker.version)),
            ("queues", .array(worker.queues.map { .string($0) })),
        ])
    }
}

import JobQueue
import Primitives
import QueueAdmin
import Terminal

// The queues of the page.
extension StatusPage {
    /// The greatest number of remarks about queues without a worker.
    private static let mostUnserved = 3

    package var queues: TextTable {
        var table = TextTable([
            .init("QUEUE", least: 12), .init("WAITING", isNumber: true),
            .init("STARTS", isNumber: true), .init("STOPS", isNumber: true),
            .init("OLDEST", isNumber: true), .init("STATE"),
        ])
        table.rows = overview.queues.map { queue in
            [
                .init(queue.name), .init(TextTable.grouped(queue.waiting)),
                .init(TextTable.grouped(queue.readyStarts)), .init(TextTable.grouped(queue.readyStops)),
                .init(queue.oldest.map { ShortTime.span(milliseconds: overview.now - $0) } ?? "-"),
                Self.state(of: queue),
            ]
        }
        return table
    }

    /// Returns the queues as lines, with the remarks about queues. Without queues there is no line.
    package func queueLines(on surface: Surface) -> [TerminalText] {
        guard !overview.queues.isEmpty else { return [] }
        let lines = queues.lines(on: surface, things: "queues")
        return Self.wrapped(queueRemarks, on: surface).map { surface.painter.paint($0, .bad) } + lines
    }

    /// The remarks about queues.
    var queueRemarks: [String] {
        var remarks: [String] = []
        let unserved = overview.unservedQueues
        for queue in unserved.prefix(Self.mostUnserved) {
            remarks.append("\(WaitReason.unserved.phrase): \(queue.sentence)")
            // A line of its own, so that no line break comes into the command.
            if let command = queue.command { remarks.append("  \(command)") }
        }
        if unserved.count > Self.mostUnserved {
            let more = ShortCount.text(unserved.count - Self.mostUnserved, "more queue", "more queues")
            remarks.append("no worker serves \(more): rtmanager queue list")
        }
        if overview.queueOrderDiffers {
            remarks.append("workers read the queues in different orders: give all the same order in RTM_QUEUES")
        }
        if overview.isWindowFull {
            remarks.append("\(WaitReason.windowFull.phrase): new starts wait in their queues until other jobs end")
        }
        return remarks
    }

    private static func state(of queue: QueueOverview) -> TextTable.Cell {
        if queue.isPaused { return .init("paused", .notable) }
        return queue.workers > 0 ? .init("open", .good) : .init("no worker", .bad)
    }

    /// Returns remarks as lines. A long remark goes on below; the second line of a remark begins with spaces.
    static func wrapped(_ remarks: [String], on surface: Surface) -> [TerminalText] {
        guard let width = surface.width else { return remarks.map { TerminalText($0) } }
        return remarks.flatMap { remark in
            let text = EscapedText.escape(remark, quotes: false)
            let indent = String(text.prefix { $0 == " " })
            let lines = TextWrap.lines(
                String(text.dropFirst(indent.count)),
                first: width - indent.count,
                rest: width - 4
            )
            return lines.enumerated().map { TerminalText(($0 == 0 ? indent : "    ") + $1) }
        }
    }
}

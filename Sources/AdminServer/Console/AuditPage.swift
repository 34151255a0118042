import Primitives
import QueueAdmin
import Terminal

/// A part of what people have done with the console, the newest first.
struct AuditPage: Sendable, Equatable {
    var entries: [AuditEntry]
    /// The part with older entries; nil if there are none.
    var older: StreamPart?
    /// The part with newer entries; nil if there are none.
    var newer: StreamPart?

    /// - Parameters:
    ///   - found: The entries of the part; one more than the page shows if there are more.
    ///   - size: The number of entries that the page shows.
    init(_ found: [AuditEntry], _ part: StreamPart, size: Int) {
        let hasMore = found.count > size
        switch part {
        case .latest, .before: entries = Array(found.prefix(size))
        // The entries next to the last page are the last ones.
        case .after: entries = Array(found.suffix(size))
        }
        guard let first = entries.first, let last = entries.last else { return }
        switch part {
        case .latest: if hasMore { older = .before(last.entry) }
        case .before:
            newer = .after(first.entry)
            if hasMore { older = .before(last.entry) }
        case .after:
            older = .before(last.entry)
            if hasMore { newer = .after(first.entry) }
        }
    }
}

extension ConsoleContent {
    private static func target(of entry: AuditEntry) -> TextTable.Cell {
        let isNode = ["drain", "resume-node", "forget"].contains(entry.action)
        return isNode ? .node(entry.target) : .init(EscapedText.cut(entry.target, to: 60))
    }

    /// What people have done with the console.
    static func audit(_ found: [AuditEntry], _ part: StreamPart, size: Int, now: Int64) -> ConsoleContent {
        let page = AuditPage(found, part, size: size)
        var table = TextTable([
            .init("TIME"), .init("AGO", isNumber: true), .init("WHO"), .init("FROM"), .init("ACTION"), .init("TARGET"),
            .init("OUTCOME"),
        ])
        table.rows = page.entries.map { entry in
            let time = Timestamp(millisecondsSinceEpoch: entry.at)
            return [
                .init(ShortTime.stamp(time)), .init(ShortTime.span(milliseconds: max(0, now - entry.at))),
                .init(entry.who.isEmpty ? "-" : entry.who), .init(entry.address), .init(entry.action),
                target(of: entry), .init(entry.outcome),
            ]
        }
        var blocks: [Block] = [.table(table, of: "actions")]
        if part != .latest { blocks.append(.link(.audit(.latest), "latest actions")) }
        if let newer = page.newer { blocks.append(.link(.audit(newer), "newer actions")) }
        if let older = page.older { blocks.append(.link(.audit(older), "older actions")) }
        return ConsoleContent(blocks)
    }
}

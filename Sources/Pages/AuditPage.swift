import Primitives
import QueueAdmin
import Terminal

/// A part of the actions of people with the console and the command line, the newest first.
package struct AuditPage: Sendable, Equatable {
    package var entries: [AuditEntry]
    /// The part with older entries; nil if there are none.
    package var older: StreamPart?
    /// The part with newer entries; nil if there are none.
    package var newer: StreamPart?

    /// - Parameters:
    ///   - found: The entries of the part; one more than `size` if there are more.
    ///   - size: The number of entries on the page.
    package init(_ found: [AuditEntry], _ part: StreamPart, size: Int) {
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

    /// Returns the entries as a table.
    ///
    /// - Parameter now: The time of Redis, in ms since 1970.
    package func table(now: Int64) -> TextTable {
        var table = TextTable([
            .init("AGO", isNumber: true), .init("WHO", least: 8), .init("ACTION"), .init("TARGET", least: 20),
            .init("FROM", least: 8, isRare: true), .init("TIME", isRare: true), .init("OUTCOME", wraps: true),
        ])
        table.rows = entries.map { entry in
            [
                .init(ShortTime.span(milliseconds: max(0, now - entry.at))),
                .init(entry.who.isEmpty ? "-" : entry.who), .init(entry.action), Self.target(of: entry),
                .init(entry.address), .init(ShortTime.stamp(Timestamp(millisecondsSinceEpoch: entry.at))),
                .init(entry.outcome),
            ]
        }
        return table
    }

    /// Returns the entries as lines, with the flags of the next parts below.
    package func lines(on surface: Surface, now: Int64) -> [TerminalText] {
        let table = table(now: now)
        let parts = [newer.map { ("newer", $0) }, older.map { ("older", $0) }].compactMap { $0 }
        return table.lines(on: surface, things: "actions")
            + parts.map { word, part in
                surface.painter.paint(TerminalText("\(word) actions: rtmanager audit \(part.flags)"), .dim)
            }
    }

    private static func target(of entry: AuditEntry) -> TextTable.Cell {
        let isNode = ["drain", "resume-node", "forget"].contains(entry.action)
        return isNode ? .node(entry.target) : .init(EscapedText.cut(entry.target, to: 60))
    }
}

extension StreamPart {
    /// The flags of `rtmanager audit` for the part; empty: the latest part.
    fileprivate var flags: String {
        switch self {
        case .latest: ""
        case .before(let entry): "--before \(entry)"
        case .after(let entry): "--after \(entry)"
        }
    }
}

extension AuditEntry {
    /// The entry for machines.
    package var json: JSONNode {
        .object([
            ("entry", .string(entry)), ("at", .time(at)), ("who", .string(who)), ("address", .string(address)),
            ("worker", .string(worker)),
            ("action", .string(action)), ("target", .string(target)), ("outcome", .string(outcome)),
        ])
    }
}

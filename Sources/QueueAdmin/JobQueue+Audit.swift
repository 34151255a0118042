import JobContract
import JobQueue
import Primitives
import Redis

/// Something that a person has done with the console or with a command.
package struct AuditEntry: Sendable, Equatable {
    /// The id of the entry; empty: not written yet.
    package var entry = ""
    /// The name of the person; empty: unknown.
    package var who: String
    /// The address that the request came from; of a command, the name of its machine.
    package var address: String
    /// The worker that did it; empty: a command.
    package var worker: String
    package var action: String
    package var target: String
    package var outcome: String

    /// The time in ms since 1970; 0: not written yet.
    package var at: Int64 { entry.split(separator: "-").first.flatMap { Int64($0) } ?? 0 }

    package init(who: String, address: String, worker: String, action: String, target: String, outcome: String) {
        self.who = who
        self.address = address
        self.worker = worker
        self.action = action
        self.target = target
        self.outcome = outcome
    }
}

extension JobQueue {
    /// The number of entries kept on `{ns}:audit`.
    private static let mostAuditEntries: Int64 = 10_000
    /// The largest size of a field, in bytes.
    private static let longestField = 2_000

    private var audit: RedisArgument { .string(keys.prefix + "audit") }

    /// Adds an entry to `{ns}:audit`, and forgets the oldest beyond 10,000.
    package func record(_ entry: AuditEntry) async throws(QueueError) {
        let fields = [
            "who": entry.who, "address": entry.address, "worker": entry.worker, "action": entry.action,
            "target": entry.target, "outcome": entry.outcome,
        ]
        let pairs = fields.sorted { $0.key < $1.key }
            .flatMap { [RedisArgument.string($0.key), .string($0.value.cut(toBytes: Self.longestField))] }
        let limit: [RedisArgument] = ["MAXLEN", "~", .integer(Self.mostAuditEntries), "*"]
        _ = try await command(RedisCommand("XADD", arguments: [audit] + limit + pairs))
    }

    /// Returns entries, the newest first: the latest, or those next to an entry.
    package func auditEntries(limit: Int, part: StreamPart = .latest) async throws(QueueError) -> [AuditEntry] {
        let count = RedisArgument.integer(Int64(limit))
        let command =
            switch part {
            case .latest: RedisCommand("XREVRANGE", audit, "+", "-", "COUNT", count)
            case .before(let entry): RedisCommand("XREVRANGE", audit, .string("(" + entry), "-", "COUNT", count)
            case .after(let entry): RedisCommand("XRANGE", audit, .string("(" + entry), "+", "COUNT", count)
            }
        let entries = (try await lenient(command).array ?? []).compactMap(Self.auditEntry)
        if case .after = part { return entries.reversed() }
        return entries
    }

    private static func auditEntry(_ value: RedisValue) -> AuditEntry? {
        guard let parts = value.array, parts.count == 2, let id = parts[0].string else { return nil }
        let fields = JobResult(pairs: (parts[1].array ?? []).map { $0.string ?? "" }).fields
        var read = AuditEntry(
            who: fields["who"] ?? "",
            address: fields["address"] ?? "",
            worker: fields["worker"] ?? "",
            action: fields["action"] ?? "",
            target: fields["target"] ?? "",
            outcome: fields["outcome"] ?? ""
        )
        read.entry = id
        return read
    }
}

/// The part of a stream.
package enum StreamPart: Sendable, Equatable {
    case latest
    /// The entries next to an entry that are older.
    case before(String)
    /// The entries next to an entry that are newer.
    case after(String)

    /// Returns whether a text is the id of an entry, as Redis writes it.
    package static func isEntry(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { UInt64($0) != nil }
    }
}

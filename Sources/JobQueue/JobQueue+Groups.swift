import JobContract
import Primitives
import Redis

/// A consumer group of a public stream.
package struct StreamGroup: Sendable, Equatable {
    /// The stream: `results` or `events`.
    package var stream: String
    package var name: String
    /// The number of delivered entries without an acknowledgement.
    package var pending: Int
    /// The number of entries not delivered yet; nil if Redis does not know the number.
    package var lag: Int?
    /// The time of the oldest entry without an acknowledgement, in ms since 1970; nil if there is none.
    package var oldestNeeded: Int64?
    /// Whether the stream was trimmed of entries that the group has not acknowledged or not received.
    package var hasLost: Bool

    package init(stream: String, name: String, pending: Int, lag: Int?, oldestNeeded: Int64?, hasLost: Bool) {
        self.stream = stream
        self.name = name
        self.pending = pending
        self.lag = lag
        self.oldestNeeded = oldestNeeded
        self.hasLost = hasLost
    }
}

extension JobQueue {
    /// Returns the time of Redis in ms since 1970.
    package func redisTime() async throws(QueueError) -> Int64 {
        let parts = try await command(RedisCommand("TIME")).array ?? []
        guard parts.count == 2, let seconds = parts[0].string.flatMap(Int64.init),
            let micros = parts[1].string.flatMap(Int64.init)
        else { throw QueueError(call: "TIME", message: "Redis answered no time") }
        return seconds * 1_000 + micros / 1_000
    }

    /// Returns the consumer groups of `{ns}:results` and `{ns}:events`, with the backlog of each group.
    package func streamGroups() async throws(QueueError) -> [StreamGroup] {
        var groups: [StreamGroup] = []
        for (stream, key) in [("results", keys.results), ("events", keys.events)] {
            let answers = try await pipeline([
                RedisCommand("XINFO", "GROUPS", .string(key)),
                RedisCommand("XINFO", "STREAM", .string(key)),
            ])
            // Redis replies with an error if the stream does not exist yet.
            guard let rows = answers.first?.array else { continue }
            let facts = Self.fields(answers[1])
            for row in rows { groups.append(try await group(stream, key, Self.fields(row), facts)) }
        }
        return groups
    }

    private func group(
        _ stream: String,
        _ key: String,
        _ fields: [String: RedisValue],
        _ facts: [String: RedisValue]
    ) async throws(QueueError) -> StreamGroup {
        let name = fields["name"]?.string ?? ""
        let delivered = fields["last-delivered-id"]?.string ?? "0-0"
        let answers = try await pipeline([
            RedisCommand("XPENDING", .string(key), .string(name)),
            RedisCommand("XRANGE", .string(key), .string("(" + delivered), "+", "COUNT", 1),
        ])
        let pending = answers.first?.array ?? []
        let oldestPending = pending.count > 1 ? pending[1].string : nil
        let next = answers.last?.array?.first?.array?.first?.string
        let oldest = (oldestPending ?? next).flatMap(StreamID.init)
        // In an empty stream, every old entry has been trimmed.
        let first = facts["first-entry"]?.array?.first?.string.flatMap(StreamID.init)
        let lostPending = oldestPending.flatMap(StreamID.init).map { oldest in first.map { oldest < $0 } ?? true }
        return StreamGroup(
            stream: stream,
            name: name,
            pending: Int(pending.first?.integer ?? 0),
            lag: fields["lag"]?.integer.map { Int($0) },
            oldestNeeded: oldest?.milliseconds,
            hasLost: lostPending == true || Self.hasSkipped(fields, facts, delivered: delivered, first: first)
        )
    }

    /// Returns whether the stream was trimmed of entries that the group has not received.
    ///
    /// Redis counts the received entries since a group's first read. Before its first read, nobody knows the entries
    /// that a group needs.
    private static func hasSkipped(
        _ group: [String: RedisValue],
        _ facts: [String: RedisValue],
        delivered: String,
        first: StreamID?
    ) -> Bool {
        guard let read = group["entries-read"]?.integer, let added = facts["entries-added"]?.integer,
            let length = facts["length"]?.integer, let delivered = StreamID(delivered),
            let last = facts["last-generated-id"]?.string.flatMap(StreamID.init)
        else { return false }
        // Entries behind the group's position are no loss that anyone could still fix.
        let isBehind = delivered < (first ?? last)
        return isBehind && added - length > read
    }

    private static func fields(_ row: RedisValue) -> [String: RedisValue] {
        let values = row.array ?? []
        var fields: [String: RedisValue] = [:]
        for index in stride(from: 0, to: values.count - 1, by: 2) {
            if let name = values[index].string { fields[name] = values[index + 1] }
        }
        return fields
    }
}

/// The id of a stream's entry.
private struct StreamID: Comparable {
    let milliseconds: Int64
    let sequence: Int64

    init?(_ text: String) {
        let parts = text.split(separator: "-")
        guard parts.count == 2, let milliseconds = Int64(parts[0]), let sequence = Int64(parts[1]) else { return nil }
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    static func < (left: StreamID, right: StreamID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}

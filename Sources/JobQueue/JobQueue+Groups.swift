import JobContract
import Redis

/// A consumer group of one of the public streams.
public struct StreamGroup: Sendable, Equatable {
    /// `results` or `events`.
    public var stream: String
    public var name: String
    /// Entries delivered and not acknowledged.
    public var pending: Int
    /// Entries not delivered yet; nil where Redis cannot tell.
    public var lag: Int?
    /// When the oldest entry was written that the group has not acknowledged, in ms since 1970; nil: there is none.
    public var oldestNeeded: Int64?
    /// Whether that entry was trimmed already.
    public var hasLost: Bool

    public init(stream: String, name: String, pending: Int, lag: Int?, oldestNeeded: Int64?, hasLost: Bool) {
        self.stream = stream
        self.name = name
        self.pending = pending
        self.lag = lag
        self.oldestNeeded = oldestNeeded
        self.hasLost = hasLost
    }
}

extension JobQueue {
    /// Redis' time in ms since 1970.
    public func redisTime() async throws(QueueError) -> Int64 {
        let parts = try await command(RedisCommand("TIME")).array ?? []
        guard parts.count == 2, let seconds = parts[0].string.flatMap(Int64.init),
            let micros = parts[1].string.flatMap(Int64.init)
        else { throw QueueError(call: "TIME", message: "Redis answered no time") }
        return seconds * 1_000 + micros / 1_000
    }

    /// The consumer groups of `{ns}:results` and `{ns}:events`, and how far each is behind.
    public func streamGroups() async throws(QueueError) -> [StreamGroup] {
        var groups: [StreamGroup] = []
        for (stream, key) in [("results", keys.results), ("events", keys.events)] {
            let answers = try await pipeline([
                RedisCommand("XINFO", "GROUPS", .string(key)),
                RedisCommand("XRANGE", .string(key), "-", "+", "COUNT", 1),
            ])
            // A stream that is not there yet is answered by an error.
            guard let rows = answers.first?.array else { continue }
            let first = answers.last?.array?.first?.array?.first?.string
            for row in rows { groups.append(try await group(stream, key, Self.fields(row), first)) }
        }
        return groups
    }

    private func group(
        _ stream: String,
        _ key: String,
        _ fields: [String: RedisValue],
        _ first: String?
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
        let hasLost = oldestPending.flatMap(StreamID.init).flatMap { oldest in
            first.flatMap(StreamID.init).map { oldest < $0 }
        }
        return StreamGroup(
            stream: stream,
            name: name,
            pending: Int(pending.first?.integer ?? 0),
            lag: fields["lag"]?.integer.map { Int($0) },
            oldestNeeded: oldest?.milliseconds,
            hasLost: hasLost ?? false
        )
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

/// Id of an entry.
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

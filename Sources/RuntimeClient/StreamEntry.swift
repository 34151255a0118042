public import JobContract
import Redis

/// A public stream.
public enum PublicStream: String, Sendable, CaseIterable {
    case results, events

    func key(_ keys: Keyspace) -> String {
        switch self {
        case .results: keys.results
        case .events: keys.events
        }
    }
}

/// An entry of a public stream.
public struct StreamEntry: Sendable, Equatable {
    public var stream: PublicStream
    /// The id of the entry. Ids only grow within a stream.
    public var id: String
    public var fields: [String: String]

    public init(stream: PublicStream, id: String, fields: [String: String]) {
        self.stream = stream
        self.id = id
        self.fields = fields
    }

    /// The job of the result or event; nil if the entry names none.
    public var jobID: JobID? { fields["job_id"].map { JobID($0) } }
    /// The game of the result or event; nil if the entry names none.
    public var gameID: GameID? { fields["game_id"].map { GameID($0) } }

    /// The result in the entry; nil on the stream of events.
    public var result: JobResult? { stream == .results ? JobResult(fields: fields) : nil }

    /// The event in the entry; nil on the stream of results.
    public var event: PublishedEvent? { stream == .events ? PublishedEvent(fields: fields) : nil }

    /// The time at which Redis wrote the entry, in milliseconds since 1970.
    public var writtenAt: Int64 { id.split(separator: "-").first.flatMap { Int64($0) } ?? 0 }

    /// Returns the entries in a reply to `XRANGE`. An entry that was trimmed after the delivery has no fields.
    static func entries(_ value: RedisValue?, of stream: PublicStream) -> [StreamEntry] {
        (value?.array ?? []).compactMap { row in
            guard let parts = row.array, parts.count == 2, let id = parts[0].string else { return nil }
            let pairs = (parts[1].array ?? []).map { $0.string ?? "" }
            return StreamEntry(stream: stream, id: id, fields: JobResult(pairs: pairs).fields)
        }
    }
}

public import JobContract
import Redis

/// The public streams.
public enum PublicStream: String, Sendable, CaseIterable {
    case results, events

    func key(_ keys: Keyspace) -> String {
        switch self {
        case .results: keys.results
        case .events: keys.events
        }
    }
}

/// One entry of a public stream.
public struct StreamEntry: Sendable, Equatable {
    public var stream: PublicStream
    /// Id of the entry; ids of a stream only grow.
    public var id: String
    public var fields: [String: String]

    public init(stream: PublicStream, id: String, fields: [String: String]) {
        self.stream = stream
        self.id = id
        self.fields = fields
    }

    /// Nil on the stream of events.
    public var result: JobResult? { stream == .results ? JobResult(fields: fields) : nil }

    /// Nil on the stream of results.
    public var event: PublishedEvent? { stream == .events ? PublishedEvent(fields: fields) : nil }

    /// When Redis wrote it, in ms since 1970.
    public var writtenAt: Int64 { id.split(separator: "-").first.flatMap { Int64($0) } ?? 0 }

    /// The entries of one stream, as `XRANGE` answers them. What was trimmed after it was delivered has no fields.
    static func entries(_ value: RedisValue?, of stream: PublicStream) -> [StreamEntry] {
        (value?.array ?? []).compactMap { row in
            guard let parts = row.array, parts.count == 2, let id = parts[0].string else { return nil }
            let pairs = (parts[1].array ?? []).map { $0.string ?? "" }
            return StreamEntry(stream: stream, id: id, fields: JobResult(pairs: pairs).fields)
        }
    }
}

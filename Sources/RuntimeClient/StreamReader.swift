import JobContract
import Logging
import Primitives
import Redis
import Synchronization

/// Follows public streams without a consumer group, for readers that only display entries.
///
/// The reader has its own connection. After an outage the reader continues at the last position. The reader misses
/// entries that were trimmed meanwhile.
public final class StreamReader: Sendable {
    private let keys: Keyspace
    private let connection: RedisBlockingConnection
    private let positions: Mutex<[PublicStream: String]>
    private let logger: Logger
    private let outage = Mutex(OutageLog())
    private let begin = ContinuousClock.now
    /// The longest wait for entries during an outage. A wait without entries shows that Redis answers again.
    private static let probe = Duration.milliseconds(500)

    /// - Parameters:
    ///   - positions: for each stream, the entry before the first entry to return.
    ///   - logger: the log for outages of Redis: a warning at the begin, a reminder once a minute, and a line at the end;
    ///     nil: the client's log.
    public init(_ client: RuntimeClient, after positions: [PublicStream: String], logger: Logger? = nil) {
        let logger = logger ?? client.logger
        self.logger = logger
        keys = client.keys
        connection = RedisBlockingConnection(
            client.redis.configuration,
            clientName: "rtmanager-reader",
            beside: client.redis,
            logger: logger
        )
        self.positions = Mutex(positions)
    }

    /// Returns the next entries, the oldest first, at most 256 of each stream. Returns an empty array if no entry comes
    /// within `limit`, or if the read fails.
    public func next(within limit: Duration) async -> [StreamEntry] {
        let limit = outage.withLock(\.isOut) ? min(limit, Self.probe) : limit
        let places = positions.withLock { $0 }.sorted { $0.key.rawValue < $1.key.rawValue }
        let command = RedisCommand(
            "XREAD",
            arguments: ["COUNT", 256, "BLOCK", .integer(max(1, Int64(limit / .milliseconds(1)))), "STREAMS"]
                + places.map { .string($0.key.key(keys)) } + places.map { .string($0.value) }
        )
        do throws(RedisError) {
            let answer = try await connection.send(command, serverTimeout: limit)
            answered()
            return take(answer)
        } catch {
            if Task.isCancelled { return [] }
            failed(error)
            try? await Task.sleep(for: .milliseconds(500))
            return []
        }
    }

    private func answered() {
        let lasted = outage.withLock { $0.succeeded(at: begin.duration(to: .now)) }
        guard let lasted else { return }
        logger.notice("Redis answers again", metadata: ["after": "\(lasted.shortText)"])
    }

    private func failed(_ error: RedisError) {
        let isNews = outage.withLock { $0.failed(at: begin.duration(to: .now)) }
        logger.log(
            level: isNews ? .warning : .debug,
            "waiting for Redis to come back",
            metadata: ["error": "\(error)"]
        )
    }

    public func close() async { await connection.close() }

    private func take(_ answer: RedisValue) -> [StreamEntry] {
        var entries: [StreamEntry] = []
        for row in answer.array ?? [] {
            guard let parts = row.array, parts.count == 2, let name = parts[0].string,
                let stream = PublicStream.allCases.first(where: { $0.key(keys) == name })
            else { continue }
            let new = StreamEntry.entries(parts[1], of: stream)
            if let last = new.last { positions.withLock { $0[stream] = last.id } }
            entries += new
        }
        return entries.sorted { ($0.writtenAt, $0.stream.rawValue) < ($1.writtenAt, $1.stream.rawValue) }
    }
}

import JobContract
import Logging
import Primitives
import Redis

/// A member of a consumer group on a public stream.
///
/// Each entry of the stream goes to one member of the group. Each entry is handled at least once, even after a crash.
public struct Consumer: Sendable {
    /// The first position of a new group.
    public enum Begin: String, Sendable {
        /// The oldest entry in Redis.
        case oldest = "0"
        /// The next new entry.
        case next = "$"
    }

    let client: RuntimeClient
    public let stream: PublicStream
    public let group: String
    /// The member's name, the same after a restart.
    public let name: String
    /// The time for a member to acknowledge an entry. Afterwards another member can take over the entry.
    public var patience = Duration.seconds(60)
    private static let batch: RedisArgument = 64
    /// The longest wait for entries after a failed call. A wait without entries shows that Redis answers again.
    private static let probe = Duration.milliseconds(500)

    init(_ client: RuntimeClient, _ stream: PublicStream, group: String, name: String) {
        self.client = client
        self.stream = stream
        self.group = group
        self.name = name
    }

    private var key: RedisArgument { .string(stream.key(client.keys)) }

    /// Handles entries until the task is cancelled.
    ///
    /// The consumer begins with its own unacknowledged entries, and continues with new entries. The consumer
    /// acknowledges an entry after `handle` returns. If `handle` throws, the entry comes again after `patience`; later
    /// entries are handled meanwhile. An entry may come twice: see `docs/guide/consumers.md`.
    ///
    /// - Parameters:
    ///   - begin: the first position, if the group does not exist yet.
    ///   - handle: handles an entry.
    public func run(from begin: Begin = .oldest, _ handle: (StreamEntry) async throws -> Void) async {
        let connection = RedisBlockingConnection(
            client.redis.configuration,
            clientName: "rtmanager-consumer",
            beside: client.redis,
            logger: client.logger
        )
        var hasGroup = false
        let start = ContinuousClock.now
        var reclaimAt = start
        var outage = OutageLog()
        while !Task.isCancelled {
            do {
                if !hasGroup {
                    try await makeGroup(begin)
                    hasGroup = true
                    try await handleOwn(handle)
                }
                if ContinuousClock.now >= reclaimAt {
                    reclaimAt = ContinuousClock.now.advanced(by: patience / 2)
                    try await handleAbandoned(handle)
                }
                let pause = min(.seconds(5), patience / 2)
                let new = try await read(">", connection, waiting: outage.isOut ? min(pause, Self.probe) : pause)
                noteAnswer(after: outage.succeeded(at: start.duration(to: .now)))
                try await apply(handle, to: new)
            } catch {
                if Task.isCancelled { break }
                // Redis may have lost its data, including the group.
                hasGroup = false
                note(error, isNews: outage.failed(at: start.duration(to: .now)))
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        await connection.close()
    }

    private func note(_ error: any Error, isNews: Bool) {
        client.logger.log(
            level: isNews ? .warning : .debug,
            "the consumer continues when Redis answers again",
            metadata: ["stream": "\(stream.rawValue)", "group": "\(group)", "error": "\(error)"]
        )
    }

    private func noteAnswer(after outage: Duration?) {
        guard let outage else { return }
        client.logger.notice(
            "Redis answers again",
            metadata: ["stream": "\(stream.rawValue)", "group": "\(group)", "after": "\(outage.shortText)"]
        )
    }

    /// Handles the entries that this consumer received before and did not acknowledge.
    private func handleOwn(_ handle: (StreamEntry) async throws -> Void) async throws {
        var after = "0"
        while !Task.isCancelled {
            let answer = try await client.send(readCommand(after, waiting: nil))
            let entries = entries(answer)
            guard let last = entries.last else { return }
            try await apply(handle, to: entries)
            after = last.id
        }
    }

    /// Takes over and handles the entries that any member, this consumer included, did not acknowledge in time.
    private func handleAbandoned(_ handle: (StreamEntry) async throws -> Void) async throws {
        var cursor = "0-0"
        repeat {
            let idle = RedisArgument.integer(Int64(patience / .milliseconds(1)))
            let command = RedisCommand(
                "XAUTOCLAIM",
                key,
                .string(group),
                .string(name),
                idle,
                .string(cursor),
                "COUNT",
                Self.batch
            )
            let parts = try await client.send(command).array ?? []
            cursor = parts.first?.string ?? "0-0"
            if parts.count > 1 { try await apply(handle, to: StreamEntry.entries(parts[1], of: stream)) }
        } while cursor != "0-0" && !Task.isCancelled
    }

    private func apply(_ handle: (StreamEntry) async throws -> Void, to entries: [StreamEntry]) async throws {
        for entry in entries {
            if Task.isCancelled { return }
            // An entry without fields was trimmed after the delivery. Acknowledge the entry, so that the entry does not
            // come forever.
            if !entry.fields.isEmpty {
                do {
                    try await handle(entry)
                } catch {
                    if Task.isCancelled { return }
                    client.logger.warning(
                        "an entry was not handled; it comes again",
                        metadata: ["stream": "\(stream.rawValue)", "entry": "\(entry.id)", "error": "\(error)"]
                    )
                    continue
                }
            }
            _ = try await client.send(RedisCommand("XACK", key, .string(group), .string(entry.id)))
        }
    }

    private func makeGroup(_ begin: Begin) async throws(ClientError) {
        let command = RedisCommand("XGROUP", "CREATE", key, .string(group), .string(begin.rawValue), "MKSTREAM")
        do throws(RedisError) {
            _ = try await client.redis.send(command)
        } catch .server(let error) where error.code == "BUSYGROUP" {
            return
        } catch {
            throw ClientError(error)
        }
    }

    private func read(
        _ after: String,
        _ connection: RedisBlockingConnection,
        waiting pause: Duration
    ) async throws(RedisError) -> [StreamEntry] {
        entries(try await connection.send(readCommand(after, waiting: pause), serverTimeout: pause))
    }

    private func readCommand(_ after: String, waiting pause: Duration?) -> RedisCommand {
        var arguments: [RedisArgument] = ["GROUP", .string(group), .string(name), "COUNT", Self.batch]
        if let pause { arguments += ["BLOCK", .integer(max(1, Int64(pause / .milliseconds(1))))] }
        return RedisCommand("XREADGROUP", arguments: arguments + ["STREAMS", key, .string(after)])
    }

    private func entries(_ answer: RedisValue) -> [StreamEntry] {
        StreamEntry.entries(answer.array?.first?.array?.last, of: stream)
    }
}

extension RuntimeClient {
    /// Returns a member of a consumer group.
    ///
    /// - Parameters:
    ///   - group: the group's name. The consumer creates a missing group.
    ///   - name: the member's name, the same after a restart.
    public func consumer(of stream: PublicStream, group: String, name: String) -> Consumer {
        Consumer(self, stream, group: group, name: name)
    }
}

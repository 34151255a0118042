import JobContract
import Logging
import Redis

/// A member of a consumer group on one public stream: each entry of the stream is handled by one member of the group,
/// at least once, also over crashes.
public struct Consumer: Sendable {
    /// Where a group that is made now begins.
    public enum Begin: String, Sendable {
        /// With the oldest entry that is kept.
        case oldest = "0"
        /// With what comes next.
        case next = "$"
    }

    let client: RuntimeClient
    public let stream: PublicStream
    public let group: String
    /// Name that stays over restarts of the same consumer.
    public let name: String
    /// Time after which an entry that its member has not acknowledged goes to another.
    public var patience = Duration.seconds(60)
    private static let batch: RedisArgument = 64

    init(_ client: RuntimeClient, _ stream: PublicStream, group: String, name: String) {
        self.client = client
        self.stream = stream
        self.group = group
        self.name = name
    }

    private var key: RedisArgument { .string(stream.key(client.keys)) }

    /// Handles entries until the task is cancelled: first what this consumer was given before and did not acknowledge,
    /// then what comes. An entry is acknowledged when `handle` returns. One that it throws for comes again after the
    /// patience; those behind it are handled meanwhile. An entry may come twice: see `docs/guide/consumers.md`.
    public func run(from begin: Begin = .oldest, _ handle: (StreamEntry) async throws -> Void) async {
        let connection = RedisBlockingConnection(
            client.redis.configuration,
            clientName: "rtmanager-consumer",
            logger: client.logger
        )
        var hasGroup = false
        var reclaimAt = ContinuousClock.now
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
                try await apply(handle, to: try await read(">", connection, waiting: pause))
            } catch {
                if Task.isCancelled { break }
                // The group is gone where Redis lost its data.
                hasGroup = false
                client.logger.warning(
                    "consumer goes on when Redis is back",
                    metadata: ["stream": "\(stream.rawValue)", "group": "\(group)", "error": "\(error)"]
                )
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        await connection.close()
    }

    /// What was delivered to this consumer before and is not acknowledged.
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

    /// What a member was given and did not acknowledge in time, this one included.
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
            // What was trimmed since it was delivered has no fields: it is lost, and must not come for ever.
            if !entry.fields.isEmpty {
                do {
                    try await handle(entry)
                } catch {
                    if Task.isCancelled { return }
                    client.logger.warning(
                        "entry was not handled and comes again",
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
    /// A member of a consumer group.
    ///
    /// - Parameters:
    ///   - group: made where it is not there yet.
    ///   - name: of this member; stays over its restarts.
    public func consumer(of stream: PublicStream, group: String, name: String) -> Consumer {
        Consumer(self, stream, group: group, name: name)
    }
}

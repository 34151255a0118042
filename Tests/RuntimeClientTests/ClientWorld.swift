import JobContract
import Logging
import Redis
import RuntimeClient
import Support
import Synchronization

/// A private Redis with a client on it, and what workers would write.
struct ClientWorld {
    let redis: PrivateRedis
    let raw: RedisClient
    let client: RuntimeClient
    var keys: Keyspace { client.keys }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func with(
        signingKeys: SigningKeys? = nil,
        logger: Logger = logger,
        _ body: (ClientWorld) async throws -> Void
    ) async throws {
        try await PrivateRedis.with { redis in
            let configuration = try RedisConfiguration(url: redis.unixURL)
            try await RedisClient.withClient(configuration, logger: logger) { raw in
                let client = RuntimeClient(raw, signingKeys: signingKeys, logger: logger)
                try await body(ClientWorld(redis: redis, raw: raw, client: client))
            }
        }
    }

    /// Ends a job as a worker would: its record and its result.
    func end(
        _ id: JobID,
        _ kind: JobKind = .start,
        game: GameID = "g",
        outcome: String = "succeeded"
    ) async throws {
        let fields: [RedisArgument] = [
            "job_id", .string(id.text), "kind", .string(kind.rawValue), "game_id", .string(game.text), "outcome",
            .string(outcome),
            "effect", outcome == "succeeded" ? "started" : "none",
        ]
        _ = try await raw.send(RedisCommand("XADD", arguments: [.string(keys.results), "*", "v", "1"] + fields))
        _ = try await raw.send(RedisCommand("HSET", arguments: [.string(keys.job(id)), "state", "done"] + fields))
    }

    func publish(_ event: String, game: GameID = "g") async throws {
        let fields: [RedisArgument] = ["v", "1", "event", .string(event), "game_id", .string(game.text)]
        _ = try await raw.send(RedisCommand("XADD", arguments: [.string(keys.events), "*"] + fields))
    }

    /// Messages of a queue, the oldest first.
    func messages(_ queue: String = "default") async throws -> [String] {
        let answer = try await raw.send(RedisCommand("LRANGE", .string(keys.queue(queue)), 0, -1))
        return (answer.array ?? []).compactMap(\.string).reversed()
    }

    /// Entries that a group was given and has not acknowledged.
    func pending(_ stream: String, _ group: String) async throws -> Int64? {
        try await raw.send(RedisCommand("XPENDING", .string(stream), .string(group))).array?.first?.integer
    }
}

/// What happened in a test, in order.
final class Notes: Sendable {
    private let notes = Mutex<[String]>([])

    var all: [String] { notes.withLock { $0 } }

    func add(_ note: String) { notes.withLock { $0.append(note) } }
}

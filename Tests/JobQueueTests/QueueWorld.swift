import JobContract
import JobQueue
import Logging
import Redis
import Support

/// A private Redis with the protocol on it, and the moves that tests make.
struct QueueWorld {
    let redis: PrivateRedis
    let client: RedisClient
    let keys = Keyspace(namespace: "rtm")
    var options = JobQueueOptions(lease: .seconds(10))

    static func with(
        options: JobQueueOptions = JobQueueOptions(),
        redisArguments: [String] = [],
        redisLauncher: [String] = [],
        isNew: Bool = false,
        _ body: (QueueWorld) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with(extraArguments: redisArguments, launcher: redisLauncher) { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.unixURL), logger: logger) { client in
                let world = QueueWorld(redis: redis, client: client, options: options)
                // As if it were old: in a new one a stop of a game that nobody owns waits for nodes to come.
                if !isNew { try await world.makeOld() }
                try await body(world)
            }
        }
    }

    func worker(
        _ name: String,
        node: NodeID = "n1",
        machine: MachineFingerprint? = nil,
        options: JobQueueOptions? = nil
    ) -> JobQueue {
        let identity = WorkerIdentity(id: name, node: node, nonce: name, machine: machine)
        return JobQueue(redis: client, keys: keys, worker: identity, options: options ?? self.options)
    }

    /// Makes the data old. In new data, a stop of a game without an owner waits for nodes to come.
    func makeOld() async throws { try await set("created_at", "1") }

    /// Makes a node silent since a time, by default since long ago.
    func silence(_ node: NodeID, since time: Int64 = 1) async throws {
        _ = try await client.send(
            RedisCommand("ZADD", .string(keys.prefix + "nodes"), .integer(time), .string(node.text))
        )
    }

    /// Makes a node silent for longer than the grace, in data that is older than any outage, and lets another worker sweep.
    func lose(_ node: NodeID, sweeper: JobQueue) async throws {
        // As if workers renewed the key: there is no outage.
        _ = try await client.send(RedisCommand("SET", .string(keys.liveness), "renewed"))
        try await silence(node)
        for field in ["created_at", "resumed_at"] { try await set(field, "1") }
        _ = try await sweeper.sweep()
    }

    /// Jobs in the window.
    func liveCount() async throws -> Int { Int(try await hash(keys.meta)["window"] ?? "0") ?? 0 }

    /// The lanes of all games with live jobs.
    func lanes() async throws -> [String: LaneRecord] {
        try await hash(keys.prefix + "lanes").compactMapValues { LaneRecord($0) }
    }

    func owners() async throws -> [String: String] { try await hash(keys.prefix + "owners") }

    /// Writes a field of `{ns}:meta` by hand.
    func set(_ field: String, _ value: String) async throws {
        _ = try await client.send(RedisCommand("HSET", .string(keys.meta), .string(field), .string(value)))
    }

    func push(_ messages: String..., queue: String = "default") async throws {
        for message in messages {
            _ = try await client.send(RedisCommand("LPUSH", .string(keys.queue(queue)), .string(message)))
        }
    }

    static func message(_ kind: JobKind, _ id: JobID, game: GameID = "g1", more: String = "") -> String {
        let image = kind == .start ? #","image":"engine:1""# : ""
        return #"{"v":1,"id":"\#(id)","kind":"\#(kind.rawValue)","game_id":"\#(game)"\#(image)\#(more)}"#
    }

    @discardableResult
    func intake(_ queue: JobQueue, from name: String = "default") async throws -> IntakeOutcome {
        let decoder = JobDecoder()
        return try await queue.intake(queue: name) { decoder.decode($0) }
    }

    /// Claims as a worker whose node has announced its games, even if it has not.
    func claim(_ queue: JobQueue, starts: Int = 8, stops: Int = 8) async throws -> [ClaimedJob] {
        let node = RedisArgument.string(keys.prefix + "node:\(queue.worker.node)")
        // Refused with a full memory.
        _ = try? await client.send(RedisCommand("HSETNX", node, "reported_at", "1"))
        return try await queue.claim(Capacity(starts: starts, stops: stops)).jobs
    }

    /// What a start without limits reserves.
    static let usual = JobQueueOptions().defaultDemand

    /// The options of this world for a node of this capacity.
    func options(_ capacity: NodeCapacity) -> JobQueueOptions {
        var options = options
        options.capacity = capacity
        return options
    }

    @discardableResult
    func finish(
        _ queue: JobQueue,
        _ job: ClaimedJob,
        _ ending: JobEnding = JobEnding(.succeeded, effect: .started),
        owner: OwnerChange = .keep,
        freesReservation: Bool = false,
        startMessage: String? = nil
    ) async throws -> FinishAnswer? {
        let finished = Self.finished(
            job,
            ending,
            owner: owner,
            freesReservation: freesReservation,
            startMessage: startMessage
        )
        return try await queue.finish([finished]).answers.first
    }

    static func finished(
        _ job: ClaimedJob,
        _ ending: JobEnding = JobEnding(.succeeded, effect: .started),
        owner: OwnerChange = .keep,
        freesReservation: Bool = false,
        startMessage: String? = nil,
        started: StartedContainer? = nil
    ) -> FinishedJob {
        FinishedJob(
            job,
            ending: ending,
            owner: owner,
            freesReservation: freesReservation,
            startMessage: startMessage,
            started: started
        )
    }

    /// All results so far, the oldest first.
    func results() async throws -> [JobResult] { try await results(after: nil).map(\.result) }

    /// The results behind an entry, the oldest first; all of them without an entry.
    func results(after entry: String?) async throws -> [(entry: String, result: JobResult)] {
        let begin = entry.map { "(\($0)" } ?? "-"
        let command = RedisCommand("XRANGE", .string(keys.results), .string(begin), "+")
        return try await (client.send(command).array ?? []).compactMap { row in
            guard let parts = row.array, let entry = parts.first?.string, let pairs = parts.last?.array else {
                return nil
            }
            return (entry, JobResult(pairs: pairs.compactMap(\.string)))
        }
    }

    func events() async throws -> [[String: String]] {
        let entries = try await client.send(RedisCommand("XRANGE", .string(keys.events), "-", "+")).array ?? []
        return entries.compactMap { $0.array?.last?.array }.map { JobResult(pairs: $0.compactMap(\.string)).fields }
    }

    func hash(_ key: String) async throws -> [String: String] {
        let pairs = try await client.send(RedisCommand("HGETALL", .string(key))).array ?? []
        return JobResult(pairs: pairs.compactMap(\.string)).fields
    }
}

import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Redis
import Support
import Testing

/// Every figure has a value of its own here, so two exchanged figures fail a test.
@Suite("The figures that operators see, on a real Redis", .timeLimit(.minutes(1)))
struct OverviewFigureTests {
    private func overview(_ queue: JobQueue) async throws -> FleetOverview {
        let decoder = JobDecoder()
        return try await queue.overview(limit: 100) { message in
            guard case .job(let job) = decoder.decode(message) else { return nil }
            return job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }
        }
    }

    private func send(_ world: QueueWorld, _ name: String, _ key: String, _ arguments: RedisArgument...) async throws {
        let all = [RedisArgument.string(world.keys.prefix + key)] + arguments
        _ = try await world.client.send(RedisCommand(name, arguments: all))
    }

    @Test("of the deployment come each from its own counter")
    func counters() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            try await world.set("window", "11")
            try await world.set("settings", #"{"grace_ms":3,"lease_ms":12000}"#)
            for (field, value) in [
                ("lost_records", "13"), ("clock_steps", "14"), ("dead_lost", "15"), ("dead_bytes", "16"),
                ("dead_trimmed", "17"),
            ] {
                try await world.set(field, value)
            }
            for number in 1...5 {
                try await send(world, "HSET", "lanes", "g\(number)", #"{"state":"delayed","head":"j"}"#)
            }
            for number in 1...6 { try await send(world, "HSET", "owners", "g\(number)", "n1") }
            for number in 1...2 { try await send(world, "ZADD", "leases", 1, "j\(number)") }
            for number in 1...3 { try await send(world, "ZADD", "delayed", 1, "j\(number)") }
            for number in 1...4 { try await send(world, "XADD", "dead", "*", "job_id", "j\(number)") }
            for number in 1...7 { try await send(world, "ZADD", "nodes", 1, "n\(number)") }
            let seen = try await overview(queue)
            #expect(seen.liveCount == 11)
            #expect(seen.lease == 12_000)
            #expect(seen.ghosts == 13)
            #expect(seen.clockSteps == 14)
            #expect(seen.deadLost == 15)
            #expect(seen.deadBytes == 16)
            #expect(seen.deadTrimmed == 17)
            #expect(seen.laneCount == 5)
            #expect(seen.ownedCount == 6)
            #expect(seen.runningCount == 2)
            #expect(seen.retryingCount == 3)
            #expect(seen.deadCount == 4)
            #expect(seen.nodeCount == 7)
        }
    }

    @Test("of the window say that the window is full as soon as no start is admitted")
    func window() async throws {
        var options = JobQueueOptions()
        (options.mostLive, options.keptForStops) = (20, 10)
        try await QueueWorld.with(options: options) { world in
            let queue = world.worker("w1")
            for (live, isFull) in [(9, false), (10, true), (20, true)] {
                try await world.set("window", "\(live)")
                let seen = try await overview(queue)
                #expect(seen.isWindowFull == isFull, "\(live)")
            }
        }
    }

    @Test("of a node count living workers, reservations, and ready jobs of both classes")
    func node() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            try await queue.register()
            try await queue.announce([])
            for name in ["w2", "w3"] { try await world.worker(name).announce([]) }
            // Two workers were killed a moment ago.
            let past = RedisArgument.integer(try await queue.redisTime() - 1)
            for name in ["w2", "w3"] { try await send(world, "ZADD", "workers", past, .string(name)) }
            for number in 1...2 { try await send(world, "HSET", "reservations:n1", "g\(number)", "1000 2000") }
            for number in 1...3 { try await send(world, "ZADD", "ready:start:default:n1", 1, "s\(number)") }
            for number in 1...4 { try await send(world, "ZADD", "ready:stop:default:n1", 1, "t\(number)") }
            for number in 1...5 { try await send(world, "ZADD", "ready:start:default", 1, "u\(number)") }
            for number in 1...6 { try await send(world, "ZADD", "ready:stop:default", 1, "v\(number)") }
            for number in 1...8 { try await send(world, "LPUSH", "queue:default", "m\(number)") }
            for number in 1...9 { try await send(world, "LPUSH", "inbox:default", "m\(number)") }
            let seen = try await overview(queue)
            let node = try #require(seen.nodes.first)
            #expect(node.workers == 1)
            #expect(node.games == 2)
            #expect(node.ready == 7)
            let waiting = try #require(seen.queues.first)
            #expect(waiting.readyStarts == 5)
            #expect(waiting.readyStops == 6)
            #expect(waiting.waiting == 17)
        }
    }

    @Test(
        "of a queue have the age of the oldest job, wherever the job waits",
        arguments: ["start", "stop", "queue", "inbox"]
    )
    func oldest(place: String) async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            try await queue.announce([])
            func at(_ seconds: Int64) -> String { #","enqueued_at":"\#(Timestamp(seconds: seconds).rfc3339)""# }
            func time(of name: String) -> Int64 { name == place ? 1_600_000_000 : 1_700_000_000 }
            try await world.push(
                QueueWorld.message(.start, "s1", game: "a", more: at(time(of: "start"))),
                QueueWorld.message(.stop, "t1", game: "b", more: at(time(of: "stop")))
            )
            try await world.intake(queue)
            try await world.push(QueueWorld.message(.stop, "t2", game: "c", more: at(time(of: "queue"))))
            let woken = QueueWorld.message(.start, "s2", game: "d", more: at(time(of: "inbox")))
            try await send(world, "LPUSH", "inbox:default", .string(woken))
            let seen = try await overview(queue)
            #expect(seen.queues.first?.oldest == 1_600_000_000_000)
        }
    }

    @Test("of a message count everything before the message, also the inbox")
    func before() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            for number in 1...3 {
                let woken = QueueWorld.message(.start, "a\(number)", game: "a")
                try await send(world, "LPUSH", "inbox:default", .string(woken))
                try await world.push(QueueWorld.message(.start, "q\(number)", game: "q"))
            }
            func find(_ id: String) async throws -> QueuedMessage? {
                try await queue.find(inQueues: ["default"], most: 10) {
                    String(decoding: $0, as: UTF8.self).contains(#""id":"\#(id)""#)
                }
            }
            let woken = try await find("a2"), queued = try await find("q2")
            #expect(woken?.before == 1)
            #expect(queued?.before == 4)
            #expect(try await find("unknown") == nil)
        }
    }

    @Test("of a job include the producer's bytes while the job lives")
    func message() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            let message = QueueWorld.message(.start, "s1", more: #","env":{"A":"ä"}"#)
            try await world.push(message)
            try await world.intake(queue)
            let waiting = try #require(try await queue.sight(of: "s1"))
            #expect(waiting.message == Array(message.utf8))
            #expect(waiting.list == "ready:start:default")
            #expect(waiting.due == nil && waiting.leaseUntil == nil)
            let job = try #require(try await world.claim(queue).first)
            try await world.finish(queue, job)
            let ended = try #require(try await queue.sight(of: "s1"))
            #expect(ended.message == nil && ended.before == nil && ended.state == .done)
        }
    }
}

@Suite("Keys of a wrong type, each of them", .timeLimit(.minutes(1)))
struct EveryKeyTests {
    /// Every key that workers check, with its type.
    static let types = [
        "results": "stream", "dead": "stream", "events": "stream", "paused": "set", "draining": "set", "meta": "hash",
        "lanes": "hash", "owners": "hash", "leases": "zset", "delayed": "zset", "workers": "zset",
        "nodes": "zset", "lost_nodes": "zset", "unreported": "zset", "deadlines": "zset", "queue:a": "list",
        "inbox:a": "list",
        "queue:b": "list",
        "inbox:b": "list", "games": "hash", "fences": "hash", "machines": "hash", "forgotten": "zset",
    ]

    @Test("are reported with their type and a consequence")
    func reported() async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["a", "b"])) { world in
            let queue = world.worker("w1")
            for name in Self.types.keys {
                _ = try await world.client.send(RedisCommand("SET", .string(world.keys.prefix + name), "x"))
            }
            let problems = try await queue.keyProblems()
            let found = problems.map { ($0.key, $0.expected) }
            let expected = Self.types.map { (world.keys.prefix + $0.key, $0.value) }
            #expect(Dictionary(uniqueKeysWithValues: found) == Dictionary(uniqueKeysWithValues: expected))
            #expect(problems.allSatisfy { $0.found == "string" && !$0.consequence.isEmpty })
        }
    }
}

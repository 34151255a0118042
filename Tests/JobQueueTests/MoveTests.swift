import JobContract
import JobQueue
import Logging
import QueueAdmin
import Redis
import Support
import Testing

@Suite("Moving the messages of a queue, on a real Redis", .timeLimit(.minutes(1)))
struct MoveTests {
    /// The messages of a list, oldest first.
    private func messages(_ list: String, _ world: QueueWorld) async throws -> [String] {
        let answer = try await world.client.send(RedisCommand("LRANGE", .string(list), 0, -1))
        return (answer.array ?? []).compactMap(\.string).reversed()
    }

    @Test("all messages move in order, those of the inbox first, behind those of the other queue")
    func order() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            for number in 0..<3 {
                let inbox = RedisArgument.string(world.keys.inbox("a"))
                _ = try await world.client.send(RedisCommand("LPUSH", inbox, .string("\(number)")))
            }
            for number in 3..<250 { try await world.push("\(number)", queue: "a") }
            try await world.push("first", queue: "b")
            let found = try await queue.movable(from: "a", limit: 5)
            #expect(found.count == 250 && found.workers.isEmpty)
            #expect(found.oldest == (0..<5).map { .bytes(Array("\($0)".utf8)) })
            #expect(try await queue.queuesWithoutWorker() == ["a", "b"])
            // A command that dies here has moved the oldest, and left the rest.
            #expect(try await queue.move(from: "a", to: "b", most: 7) == 7)
            #expect(try await messages(world.keys.inbox("a"), world).isEmpty)
            #expect(try await messages(world.keys.queue("a"), world) == (7..<250).map(String.init))
            #expect(try await messages(world.keys.queue("b"), world) == ["first"] + (0..<7).map(String.init))
            var counts: [Int] = []
            for _ in 0..<4 { counts.append(try await queue.move(from: "a", to: "b", most: 1_000)) }
            #expect(counts == [100, 100, 43, 0])
            #expect(try await messages(world.keys.queue("b"), world) == ["first"] + (0..<250).map(String.init))
        }
    }

    @Test("a call moves a bounded number of bytes, and a message of any size")
    func bytes() async throws {
        try await QueueWorld.with { world in
            let large = String(repeating: "x", count: 700_000)
            for _ in 0..<3 { try await world.push(large, queue: "a") }
            try await world.push(large + large, queue: "a")
            let queue = world.worker("w1")
            var counts: [Int] = []
            for _ in 0..<4 { counts.append(try await queue.move(from: "a", to: "b", most: 100)) }
            #expect(counts == [2, 2, 0, 0])
        }
    }

    @Test("a key of a wrong type refuses the move, and nothing is lost")
    func wrongType() async throws {
        try await QueueWorld.with { world in
            _ = try await world.client.send(RedisCommand("SET", .string(world.keys.queue("b")), "text"))
            try await world.push("1", "2", queue: "a")
            await #expect(throws: QueueError.self) {
                _ = try await world.worker("w1").move(from: "a", to: "b", most: 10)
            }
            #expect(try await messages(world.keys.queue("a"), world) == ["1", "2"])
        }
    }

    @Test("a moved message wakes a worker that waits for the queue, as a push does")
    func wakes() async throws {
        try await QueueWorld.with { world in
            try await world.push("1", queue: "a")
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let connection = RedisBlockingConnection(try RedisConfiguration(url: world.redis.unixURL), logger: logger)
            let (list, inbox) = (RedisArgument.string(world.keys.queue("b")), world.keys.inbox("b"))
            let wait = RedisCommand("BLMOVE", list, .string(inbox), "RIGHT", "LEFT", 20)
            async let woken = connection.send(wait, serverTimeout: .seconds(20))
            try await eventually("the worker waits") {
                let info = try await world.client.send(RedisCommand("INFO", "clients")).string ?? ""
                return info.contains("blocked_clients:1")
            }
            #expect(try await world.worker("w1").move(from: "a", to: "b", most: 10) == 1)
            #expect(try await woken.string == "1")
            #expect(try await messages(inbox, world) == ["1"])
            await connection.close()
        }
    }

    @Test("a living worker serves its queues; a dead one serves none")
    func workers() async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["a", "b"])) { world in
            let worker = world.worker("w1")
            try await worker.register()
            try await world.push("1", queue: "a")
            try await world.push("1", queue: "c")
            #expect(try await worker.movable(from: "a", limit: 0).workers == ["w1"])
            #expect(try await worker.queuesWithoutWorker() == ["c"])
            let dead = RedisCommand("ZADD", .string(world.keys.prefix + "workers"), 1, "w1")
            _ = try await world.client.send(dead)
            #expect(try await worker.movable(from: "a", limit: 0).workers.isEmpty)
            #expect(try await worker.queuesWithoutWorker() == ["a", "c"])
        }
    }
}

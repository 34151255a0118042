import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Redis
import Support
import Testing

/// The figures of the whole fleet, for metrics.
@Suite("Counts of the fleet", .timeLimit(.minutes(1)))
struct FleetCountTests {
    @Test("each node has one state")
    func nodes() {
        var counts = FleetCounts()
        counts.count(living: ["a", "b", "c"], draining: ["b", "gone"], known: 5, lost: 2)
        #expect(counts.nodes == [.up: 2, .draining: 1, .silent: 2, .lost: 2])
    }

    @Test("jobs are counted by state, and never below zero")
    func jobs() {
        #expect(FleetCounts.Jobs(window: 10, running: 3, retrying: 2).waiting == 5)
        #expect(FleetCounts.Jobs(window: 1, running: 3).waiting == 0)
    }

    @Test("one node reads them, and sees what stands still")
    func real() async throws {
        try await QueueWorld.with { world in
            let first = world.worker("w1", node: "n1", options: world.options(NodeCapacity(slots: 1)))
            let second = world.worker("w2", node: "n2", options: world.options(NodeCapacity(slots: 1)))
            for worker in [first, second] { try await worker.announce([]) }
            let begin = try await first.redisTime()
            #expect(try await first.fleetCounts(at: begin, searchesQueues: false) != nil)
            #expect(try await second.fleetCounts(at: begin, searchesQueues: true) == nil)

            for number in 0..<3 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "g\(number)")) }
            try await world.push(QueueWorld.message(.start, "s0", game: "g0"))
            try await world.intake(first)
            _ = try await first.claim(Capacity(starts: 1, stops: 0))
            _ = try await first.drain(node: "n2")
            let nobody = RedisCommand("LPUSH", .string(world.keys.queue("nobody")), "{}", "{}")
            _ = try await world.client.send(nobody)
            for key in [world.keys.queues, world.keys.paused] {
                _ = try await world.client.send(RedisCommand("SADD", .string(key), "default"))
            }

            let now = try await first.redisTime()
            let counts = try #require(try await first.fleetCounts(at: now, searchesQueues: true))
            #expect(counts.nodes == [.up: 1, .draining: 1, .silent: 0, .lost: 0])
            #expect(counts.jobs == FleetCounts.Jobs(window: 3, running: 1))
            #expect(counts.queues == [FleetCounts.Queue(name: "default", isPaused: true)])
            #expect(counts.unservedMessages == 2)
            #expect(counts.duplicates == 1)
            #expect(try await first.fleetCounts(at: now, searchesQueues: false)?.unservedMessages == nil)
        }
    }

    @Test("another node reads them when the reader stays away, and a reader stays the reader while it reads")
    func reader() async throws {
        try await QueueWorld.with { world in
            let (first, second) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
            for worker in [first, second] { try await worker.announce([]) }
            let now = try await first.redisTime()
            func read(_ worker: JobQueue) async throws -> Bool {
                try await worker.fleetCounts(at: now, searchesQueues: false) != nil
            }
            let key = RedisArgument.string(world.keys.prefix + "fleet_reader")
            #expect(try await read(second))
            _ = try await world.client.send(RedisCommand("PEXPIRE", key, 1_000))
            #expect(try await read(second))
            #expect(try await world.client.send(RedisCommand("PTTL", key)).integer ?? 0 > 40_000)
            #expect(try await read(first) == false)
            // As if the time of the reader were over.
            _ = try await world.client.send(RedisCommand("DEL", key))
            #expect(try await read(first))
            #expect(try await read(second) == false)
        }
    }

    @Test("the oldest work is a message, or the head of a ready lane")
    func oldest() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1", node: "n1")
            try await worker.announce([])
            let pushed = Timestamp(seconds: 1_000)
            func works() async throws -> [OldestWork] {
                try await worker.oldestWork(of: "default") { _ in pushed }
            }
            #expect(try await works() == [])
            try await world.push(QueueWorld.message(.start, "s1", game: "g1"))
            try await world.push(QueueWorld.message(.start, "s2", game: "g2"))
            #expect(try await works().map(\.pushedAt) == [pushed])
            try await world.intake(worker)
            #expect(try await works().map(\.id) == ["s1"])
        }
    }
}

import QueueAdmin
import JobContract
import JobQueue
import Primitives
import Redis
import Testing

@Suite("The overview for operators", .timeLimit(.minutes(1)))
struct OverviewTests {
    private let pushed = Timestamp(seconds: 1_700_000_000)

    private func overview(_ queue: JobQueue, limit: Int = 100) async throws -> FleetOverview {
        let decoder = JobDecoder()
        return try await queue.overview(limit: limit) { message in
            guard case .job(let job) = decoder.decode(message) else { return nil }
            return job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }
        }
    }

    @Test("shows queues, nodes, running jobs and counts")
    func overview() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            try await queue.register()
            try await queue.announce([OwnedGame(gameID: "old", isRunning: true)])
            let at = #","enqueued_at":"\#(pushed.rfc3339)""#
            try await world.push(
                QueueWorld.message(.start, "j1", game: "a", more: at),
                QueueWorld.message(.start, "j2", game: "a"),
                QueueWorld.message(.start, "j3", game: "b", more: at)
            )
            try await world.intake(queue)
            _ = try await world.claim(queue, starts: 1)
            try await world.push(QueueWorld.message(.start, "j4", game: "c"), queue: "nobody-serves-it")
            _ = try await queue.pause(queue: "default")

            let seen = try await overview(queue)
            #expect(seen.queues.map(\.name) == ["default", "nobody-serves-it"])
            #expect(seen.queues[0].isPaused && seen.queues[0].readyStarts == 1 && seen.queues[0].waiting == 0)
            #expect(seen.queues[0].oldest == pushed.millisecondsSinceEpoch)
            #expect(seen.queues[1].waiting == 1 && !seen.queues[1].isPaused && seen.queues[1].oldest == nil)
            #expect(seen.liveCount == 3 && seen.laneCount == 2 && seen.runningCount == 1)
            #expect(seen.running.map(\.id) == ["j1"] && seen.running.first?.node == "n1")
            let node = try #require(seen.nodes.first)
            #expect(node.id == "n1" && node.workers == 1 && node.hasReported && node.games == 2 && node.leader == nil)
            #expect(!seen.mayLackQueues)
        }
    }

    @Test("has a bounded size for a fleet of thousands")
    func large() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            let fill = """
                for i = 1, 3000 do
                  redis.call('ZADD', '{rtm}:nodes', i, 'n' .. i)
                  redis.call('ZADD', '{rtm}:leases', i, 'j' .. i)
                  redis.call('HSET', '{rtm}:job:j' .. i, '_job',
                    '{"number":1,"kind":"start","game_id":"g","queue":"default","run":1}', '_lease',
                    '{"token":"t","worker":"w","node":"n1","taken_at":"2026-01-01T00:00:00.000Z","attempts":1}')
                  redis.call('HSET', '{rtm}:checkpoints:n1', 'c' .. i, 's')
                end
                """
            _ = try await world.client.send(RedisCommand("EVAL", .string(fill), 0))
            let seen = try await overview(queue, limit: 20)
            #expect(seen.nodes.count == 20 && seen.nodeCount == 3_000)
            // Nodes in trouble come before all others, and the sums are of all nodes.
            #expect(seen.nodes.first?.id == "n1" && seen.silentCount == 3_000 && seen.lostCount == 0)
            #expect(seen.running.count == 20 && seen.runningCount == 3_000)
            let found = try await queue.containerCheckpoints(of: ["n1"], limit: 1_000)
            #expect((1_000..<2_500).contains(found.count))
        }
    }

    @Test("shows a job behind another, running, retrying, ended, or still in the queue")
    func sight() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "j1"), QueueWorld.message(.start, "j2"))
            let found = try await queue.find(inQueues: ["default"], most: 10) {
                String(decoding: $0, as: UTF8.self).contains(#""id":"j2""#)
            }
            #expect(found?.before == 1)
            #expect(try await queue.sight(of: "j2") == nil)
            try await world.intake(queue)
            let job = try #require(try await world.claim(queue).first)
            let behind = try #require(try await queue.sight(of: "j2"))
            #expect(behind.state == .waiting && behind.before == 1 && behind.head == "j1" && behind.list == nil)
            let running = try #require(try await queue.sight(of: "j1"))
            #expect(running.state == .running && running.before == 0)
            #expect(try #require(running.leaseUntil) > running.now)
            _ = try await queue.retry(
                job.held,
                after: FailedAttempt(
                    pause: .seconds(60),
                    code: .timeout,
                    error: "late",
                    reservation: ReservationChange(frees: false),
                    remains: Remains(possible: !true)
                )
            )
            let retrying = try #require(try await queue.sight(of: "j1"))
            #expect(retrying.state == .retrying && retrying.before == 0)
            #expect(try #require(retrying.due) > retrying.now + 50_000)
        }
    }

    @Test("shows a drained node, which begins no start until it is resumed")
    func drain() async throws {
        try await QueueWorld.with { world in
            let drained = world.worker("w1")
            let other = world.worker("w2", node: "n2")
            for queue in [drained, other] {
                try await queue.register()
                try await queue.announce(queue.worker.node == "n1" ? [OwnedGame(gameID: "g0", isRunning: true)] : [])
            }
            #expect(try await drained.knows(node: "n1"))
            #expect(try await drained.drain(node: "n1"))
            #expect(try await !drained.drain(node: "n1"))
            #expect(try await drained.drainingNodes() == ["n1"])
            try await world.push(
                QueueWorld.message(.start, "s1", game: "g1"),
                QueueWorld.message(.stop, "e0", game: "g0")
            )
            try await world.intake(drained)
            #expect(try await world.claim(drained).map(\.id) == ["e0"])
            #expect(try await world.claim(drained).isEmpty)
            #expect(try await world.claim(other).map(\.id) == ["s1"])
            try await world.push(QueueWorld.message(.start, "s2", game: "g2"))
            try await world.intake(drained)
            #expect(try await world.claim(drained).isEmpty)
            #expect(try await drained.resume(node: "n1"))
            #expect(try await world.claim(drained).map(\.id) == ["s2"])
        }
    }

    @Test("a drained node still ends expired starts")
    func drainedDeadline() async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1")
            _ = try await queue.drain(node: "n1")
            let more = #","deadline":"2020-01-01T00:00:00Z""#
            try await world.push(QueueWorld.message(.start, "s1", more: more))
            try await world.intake(queue)
            #expect(try await world.claim(queue).isEmpty)
            #expect(try await world.results().map(\.outcome) == [.expired])
        }
    }
}

import JobContract
import JobQueue
import QueueAdmin
import Redis
import Support
import Testing

/// Which node runs a start that any node may run, on a real Redis.
@Suite("Placement of starts", .tags(.timing), .timeLimit(.minutes(2)))
struct PlacementTests {
    private static let capacity = NodeCapacity(memory: 10 << 30)

    private struct Nodes {
        let world: QueueWorld
        var queues: [NodeID: JobQueue] = [:]

        /// Who has been woken, and forgets it.
        func woken() async throws -> [String] {
            var names: [String] = []
            for queue in queues.values.sorted(by: { $0.worker.id < $1.worker.id }) {
                let bell = RedisArgument.string(world.keys.doorbell(queue.worker.id))
                if try await world.client.send(RedisCommand("DEL", bell)).integer == 1 { names.append(queue.worker.id) }
            }
            return names
        }
    }

    /// Nodes with these numbers of running games, whose workers are idle.
    private func nodes(_ world: QueueWorld, _ games: [Int], capacity: NodeCapacity = capacity) async throws -> Nodes {
        var nodes = Nodes(world: world)
        for (index, count) in games.enumerated() {
            let node = NodeID("n\(index)")
            let queue = world.worker("w\(index)", node: node, options: world.options(capacity))
            try await queue.announce((0..<count).map { OwnedGame(gameID: "old-\(index)-\($0)", isRunning: true) })
            _ = try await world.claim(queue)
            nodes.queues[node] = queue
        }
        return nodes
    }

    private func push(_ world: QueueWorld, _ count: Int, from first: Int = 0) async throws {
        for number in first..<first + count {
            try await world.push(QueueWorld.message(.start, "s\(number)", game: "g\(number)"))
        }
    }

    @Test(
        "a start wakes the worker of the emptiest node, or of the fullest if nodes are packed",
        arguments: Placement.allCases
    )
    func wakes(placement: Placement) async throws {
        let options = JobQueueOptions(placement: placement)
        try await QueueWorld.with(options: options) { world in
            let nodes = try await nodes(world, [3, 1, 2])
            // A worker without a permit has taken the message in.
            let busy = try #require(nodes.queues["n2"])
            _ = try await busy.claim(Capacity(starts: 0, stops: 0))
            try await push(world, 1)
            try await world.intake(busy)
            #expect(try await nodes.woken() == [placement == .spread ? "w1" : "w0"])
        }
    }

    @Test("a worker leaves a start to an idle worker of an emptier node, and wakes it")
    func leaves() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3, 1])
            let (full, empty) = (try #require(nodes.queues["n0"]), try #require(nodes.queues["n1"]))
            try await push(world, 1)
            try await world.intake(full)
            // The worker of the emptier node was woken, and the other one is faster.
            #expect(try await nodes.woken() == ["w1"])
            #expect(try await world.claim(full).isEmpty)
            #expect(try await world.claim(empty).map(\.id) == ["s0"])
            // A worker that does not come in time keeps nothing from others.
            try await push(world, 1, from: 1)
            try await world.intake(full)
            let woken = RedisArgument.string(world.keys.prefix + "woken:default")
            #expect(try await world.client.send(RedisCommand("ZADD", woken, "XX", 1, "w1")).integer == 0)
            #expect(try await world.client.send(RedisCommand("ZSCORE", woken, "w1")).string == "1")
            #expect(try await world.claim(full).map(\.id) == ["s1"])
        }
    }

    /// Both workers are idle.
    @Test(
        "a worker leaves no start to others if more wait than all idle workers can begin",
        arguments: [(waiting: 4, permits: 2, claimed: 0), (5, 2, 2), (5, 3, 0), (7, 3, 2)]
    )
    func crowded(waiting: Int, permits: Int, claimed: Int) async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3, 1])
            var options = world.options(Self.capacity)
            options.description.concurrency = permits
            let full = world.worker("w0", node: "n0", options: options)
            try await push(world, waiting)
            try await world.intake(full)
            let claim = try await full.claim(Capacity(starts: 2, stops: 2))
            #expect(claim.jobs.count == claimed)
            #expect(try await nodes.woken().contains("w1"))
        }
    }

    @Test("a claim compares nodes once, however many workers it wakes")
    func compares() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3] + Array(repeating: 0, count: 20))
            let full = try #require(nodes.queues["n0"])
            try await push(world, 8)
            try await world.intake(full)
            _ = try await world.client.send(RedisCommand("CONFIG", "RESETSTAT"))
            #expect(try await world.claim(full).isEmpty)
            let text = try await world.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
            let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_zmscore:calls=") } ?? ""
            let comparisons = Int(line.drop { $0 != "=" }.dropFirst().prefix { $0 != "," })
            // Two for each sample. A sample has at most eight idle workers.
            #expect(comparisons.map { $0 <= 4 } == true, "\(line)")
            #expect(try await nodes.woken().count >= 7)
        }
    }

    @Test("a start goes to a fuller node if it does not fit on the emptier one, or if nobody is idle there")
    func takes() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3], capacity: NodeCapacity(memory: 10 << 30))
            let full = try #require(nodes.queues["n0"])
            let small = world.worker("small", node: "small", options: world.options(NodeCapacity(memory: 1 << 30)))
            try await small.announce([])
            _ = try await world.claim(small)
            let large = QueueWorld.message(.start, "l", game: "l", more: #","limits":{"memory":"2g"}"#)
            try await world.push(large)
            try await world.intake(full)
            #expect(try await world.claim(full).map(\.id) == ["l"])
            _ = try await small.claim(Capacity(starts: 0, stops: 0))
            try await push(world, 1)
            try await world.intake(full)
            #expect(try await world.claim(full).map(\.id) == ["s0"])
        }
    }

    @Test("a worker that died while it was idle keeps no start from others")
    func deadRival() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3, 1])
            let full = try #require(nodes.queues["n0"])
            let workers = RedisArgument.string(world.keys.prefix + "workers")
            _ = try await world.client.send(RedisCommand("ZADD", workers, 1, "w1"))
            try await push(world, 1)
            try await world.intake(full)
            #expect(try await world.claim(full).map(\.id) == ["s0"])
        }
    }

    @Test("40 starts at once go to 10 idle nodes in equal parts, whoever claims first")
    func burst() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, Array(repeating: 0, count: 10))
            let first = try #require(nodes.queues["n0"])
            try await push(world, 40)
            while try await world.intake(first).taken > 0 {}
            var ready = ["w0"]
            var claims = 0
            while let name = ready.popLast() {
                let queue = try #require(nodes.queues.values.first { $0.worker.id == name })
                _ = try await world.claim(queue)
                claims += 1
                ready = try await nodes.woken() + ready
            }
            var counts: [Int] = []
            for queue in nodes.queues.values { counts.append(try await queue.reservations().count) }
            #expect(counts.sorted() == Array(repeating: 4, count: 10))
            #expect(claims <= 42, "\(claims) claims for 40 starts")
        }
    }

    @Test("a start that fits nowhere keeps no other start from its node")
    func giant() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3, 1])
            let (full, empty) = (try #require(nodes.queues["n0"]), try #require(nodes.queues["n1"]))
            let giant = #","limits":{"memory":"64g"}"#
            try await world.push(QueueWorld.message(.start, "giant", game: "giant", more: giant))
            try await world.intake(full)
            #expect(try await nodes.woken() == [])
            try await push(world, 1)
            // The caller claims next, so nobody is woken yet.
            let decoder = JobDecoder()
            let capacity = Capacity(starts: 4, stops: 4)
            let taken = try await full.take(queue: "default", claiming: capacity) { decoder.decode($0) }
            #expect(taken.claimed?.jobs.isEmpty == true && taken.claimed?.waiting.contains(.passed) == true)
            #expect(try await nodes.woken() == ["w1"])
            #expect(try await world.claim(empty).map(\.id) == ["s0"])
        }
    }

    @Test("many workers that died while they were idle hide no living one")
    func manyDead() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3, 1])
            let full = try #require(nodes.queues["n0"])
            let idle = RedisArgument.string(world.keys.prefix + "idle:start:default")
            let dead = (0..<100).map { RedisArgument.string("dead-\($0)") }
            _ = try await world.client.send(RedisCommand("SADD", arguments: [idle] + dead))
            _ = try await full.claim(Capacity(starts: 0, stops: 0))
            var number = 0
            // Each wake removes the dead that it has met.
            while try await nodes.woken() != ["w1"], number < 6 {
                try await push(world, 1, from: number)
                try await world.intake(full)
                number += 1
            }
            #expect(number < 6, "\(number) starts woke nobody")
        }
    }

    @Test("a drained node and a lost node are no better places")
    func unusable() async throws {
        try await QueueWorld.with { world in
            let nodes = try await nodes(world, [3, 1, 0])
            let full = try #require(nodes.queues["n0"])
            _ = try await full.drain(node: "n1")
            let node = RedisArgument.string(world.keys.prefix + "node:n2")
            _ = try await world.client.send(RedisCommand("HDEL", node, "reported_at"))
            try await push(world, 1)
            try await world.intake(full)
            #expect(try await world.claim(full).map(\.id) == ["s0"])
        }
    }
}

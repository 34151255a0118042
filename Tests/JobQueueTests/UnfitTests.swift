import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("Starts that do not fit on a node", .timeLimit(.minutes(2)))
struct UnfitTests {
    static let mebibyte: Int64 = 1 << 20
    static let large = #","limits":{"memory":"9g"}"#

    /// A node of 1 GiB, and this many starts of 9 GiB in its queue, all taken in.
    private func withNode(
        _ count: Int,
        _ body: (QueueWorld, JobQueue) async throws -> Void
    ) async throws {
        try await QueueWorld.with { world in
            let queue = world.worker("w1", options: world.options(NodeCapacity(memory: 1_024 * Self.mebibyte)))
            try await queue.announce([])
            for number in 0..<count {
                try await world.push(QueueWorld.message(.start, "l\(number)", game: "l\(number)", more: Self.large))
            }
            while try await world.intake(queue).taken > 0 {}
            try await body(world, queue)
        }
    }

    /// Claims as a worker does: at once again while a claim has not looked at all starts.
    private func claimAll(_ queue: JobQueue) async throws -> (jobs: [JobID], calls: Int) {
        var (jobs, calls): ([JobID], Int) = ([], 0)
        while true {
            let claimed = try await queue.claim(Capacity(starts: 4, stops: 4))
            jobs += claimed.jobs.map(\.id)
            calls += 1
            if !claimed.waiting.contains(.unseen) || calls > 100 { return (jobs, calls) }
        }
    }

    @Test("hide none behind them, however many they are, and are looked at once", arguments: [127, 140, 600])
    func many(count: Int) async throws {
        try await withNode(count) { world, queue in
            try await world.push(QueueWorld.message(.start, "small", game: "small"))
            try await world.intake(queue)
            let first = try await claimAll(queue)
            #expect(first.jobs == ["small"])
            #expect(first.calls <= count / 64 + 2)
            try await world.push(QueueWorld.message(.start, "next", game: "next"))
            try await world.intake(queue)
            let before = try await world.commands("hmget")
            let second = try await claimAll(queue)
            #expect(second.jobs == ["next"] && second.calls == 1)
            // The large ones are not read again.
            #expect(try await world.commands("hmget") - before < 20)
        }
    }

    @Test("begin when enough has become free, in their order")
    func freed() async throws {
        try await withNode(0) { world, queue in
            for (id, memory) in [("a", 700), ("b", 500), ("c", 400), ("d", 300)] {
                let limits = #","limits":{"memory":"\#(memory)m"}"#
                try await world.push(QueueWorld.message(.start, JobID(id), game: GameID(id), more: limits))
            }
            try await world.intake(queue)
            let jobs = try await world.claim(queue)
            #expect(jobs.map(\.id) == ["a", "d"])
            #expect(try await world.claim(queue).isEmpty)
            // 300 MiB more are free, and 324 in all: none of the others fits.
            try await world.finish(queue, jobs[1], .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            #expect(try await world.claim(queue).isEmpty)
            try await world.finish(queue, jobs[0], .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            #expect(try await world.claim(queue).map(\.id) == ["b", "c"])
        }
    }

    @Test("are looked at from the first one on, also if capacity becomes free during a look through many")
    func freedMeanwhile() async throws {
        try await withNode(0) { world, queue in
            let limits = { (size: Int) in #","limits":{"memory":"\#(size)m"}"# }
            try await world.push(QueueWorld.message(.start, "a", game: "a", more: limits(700)))
            try await world.intake(queue)
            let first = try #require(try await world.claim(queue).first)
            for number in 0..<300 {
                try await world.push(QueueWorld.message(.start, "l\(number)", game: "l\(number)", more: limits(600)))
            }
            while try await world.intake(queue).taken > 0 {}
            #expect(try await queue.claim(Capacity(starts: 4, stops: 4)).waiting.contains(.unseen))
            try await world.finish(queue, first, .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            // The look goes on to its end, and the next one begins with the oldest.
            let claimed = try await queue.claim(Capacity(starts: 4, stops: 4))
            let next = try #require(claimed.jobs.first)
            #expect(claimed.jobs.count == 1 && next.id != "l0")
            while try await queue.claim(Capacity(starts: 4, stops: 4)).waiting.contains(.unseen) {}
            try await world.finish(queue, next, .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            #expect(try await claimAll(queue).jobs == ["l0"])
        }
    }

    @Test("are looked at again after a minute, so a lost record holds up nobody")
    func lostRecord() async throws {
        try await withNode(1) { world, queue in
            #expect(try await world.claim(queue).isEmpty)
            _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.job("l0"))))
            try await world.push(QueueWorld.message(.remove, "r", game: "l0"))
            try await world.intake(queue)
            #expect(try await world.claim(queue).isEmpty)
            let node = RedisArgument.string(world.keys.prefix + "node:\(queue.worker.node)")
            let text = try #require(
                try await world.client.send(RedisCommand("HGET", node, "unfit")).string
            )
            let old = text.replacing(#/"since":[0-9]+/#, with: #""since":1"#)
            #expect(old != text)
            _ = try await world.client.send(RedisCommand("HSET", node, "unfit", .string(old)))
            #expect(try await world.claim(queue).map(\.id) == ["r"])
        }
    }
}

extension QueueWorld {
    /// How often Redis has run a command, also in functions.
    fileprivate func commands(_ name: String) async throws -> Int {
        let text = try await client.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(name):") }
        return line?.split(separator: "=").dropFirst().first?.split(separator: ",").first.flatMap { Int($0) } ?? 0
    }
}

import JobContract
import JobQueue
import Redis
import Testing

@Suite("Doorbells, on a real Redis", .timeLimit(.minutes(1)))
struct DoorbellTests {
    private func bell(_ world: QueueWorld, _ worker: String) async throws -> [String] {
        let answer = try await world.client.send(RedisCommand("LRANGE", .string(world.keys.doorbell(worker)), 0, -1))
        return answer.array?.compactMap(\.string) ?? []
    }

    @Test("a worker without a free permit wakes neither itself nor another full worker")
    func noWakeWhenFull() async throws {
        try await QueueWorld.with { world in
            let (full, other) = (world.worker("w1"), world.worker("w2"))
            try await full.announce((1...3).map { OwnedGame(gameID: "g\($0)", isRunning: true) })
            try await other.announce([])
            for number in 1...3 { try await world.push(QueueWorld.message(.stop, "t\(number)", game: "g\(number)")) }
            try await world.intake(full)
            let capacity = Capacity(starts: 4, stops: 1)
            for (worker, id) in [(full, "t1" as JobID), (other, "t2")] {
                let claimed = try await worker.claim(capacity)
                #expect(claimed.jobs.map(\.id) == [id] && claimed.waiting == .stops)
            }
            for worker in [full, other] {
                let claimed = try await worker.claim(Capacity(starts: 4, stops: 0))
                #expect(claimed.jobs.isEmpty && claimed.waiting == .stops)
            }
            for name in ["w1", "w2"] { #expect(try await bell(world, name) == []) }
            // One with a place is woken by who has none.
            _ = try await other.claim(Capacity(starts: 0, stops: 0))
            #expect(try await bell(world, "w1") == [])
            let third = world.worker("w3")
            try await third.announce([])
            let node = world.worker("w4", node: "n2")
            try await node.announce([])
            _ = try await node.claim(capacity)
            #expect(try await third.claim(Capacity(starts: 0, stops: 1)).jobs.map(\.id) == ["t3"])
        }
    }

    @Test("behind many expired starts the worker claims the next live job in the next call")
    func expiredFlood() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            let late = #","deadline":"2020-01-01T00:00:00Z""#
            for number in 0..<100 {
                try await world.push(QueueWorld.message(.start, "late\(number)", game: "g\(number)", more: late))
            }
            try await world.push(QueueWorld.message(.start, "alive", game: "a"))
            while try await world.intake(worker).taken > 0 {}
            let capacity = Capacity(starts: 4, stops: 4)
            let first = try await worker.claim(capacity)
            #expect(first.jobs.isEmpty && first.waiting == .starts)
            let second = try await worker.claim(capacity)
            #expect(second.jobs.map(\.id) == ["alive"] && second.waiting == [])
            #expect(try await world.results().count == 100)
        }
    }

    @Test("one call admits and claims as much as two calls would")
    func oneStep() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(
                QueueWorld.message(.start, "s1", game: "a"),
                QueueWorld.message(.start, "s1", game: "a"),
                QueueWorld.message(.start, "s2", game: "b"),
                QueueWorld.message(.stop, "t2", game: "b"),
                QueueWorld.message(.start, "s3", game: "c"),
                QueueWorld.message(.start, "s4", game: "d")
            )
            let decoder = JobDecoder()
            let taken = try await worker.take(
                queue: "default",
                most: 5,
                claiming: Capacity(starts: 1, stops: 1)
            ) { decoder.decode($0) }
            #expect(try taken.intake.get().taken == 5 && taken.claimed?.waiting == .starts)
            #expect(taken.claimed?.jobs.map(\.id) == ["t2", "s1"])
            #expect(try await world.results().map { [$0.jobID.text, $0.outcome?.rawValue] } == [["s2", "superseded"]])
            #expect(try await world.hash(world.keys.job("s3"))["state"] == "waiting")
            let next = try await worker.take(
                queue: "default",
                most: 5,
                claiming: Capacity(starts: 2, stops: 1)
            ) { decoder.decode($0) }
            #expect(next.claimed?.jobs.map(\.id) == ["s3", "s4"] && next.claimed?.waiting == [])
            #expect(try next.intake.get().isEmptied)
        }
    }
}

import JobContract
import JobQueue
import Primitives
import Redis
import Support
import Testing

@Suite("Permits, capacity and limits of the queue, on a real Redis", .timeLimit(.minutes(2)))
struct CapacityTests {
    @Test("a start that waits for node capacity expires at its deadline")
    func expiredAtCapacity() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1", options: world.options(NodeCapacity(slots: 1)))
            try await worker.announce([OwnedGame(gameID: "full", isRunning: true)])
            try await world.push(QueueWorld.message(.start, "s1", more: #","deadline":"2020-01-01T00:00:00Z""#))
            try await world.intake(worker)
            #expect(try await world.claim(worker).isEmpty)
            #expect(try await world.results().map(\.outcome) == [.expired])
        }
    }

    @Test("queues are served in strict order, and stops have permits of their own")
    func queuesAndPermits() async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["high", "low"])) { world in
            let worker = world.worker("w1")
            for number in 1...3 {
                try await world.push(QueueWorld.message(.start, "l\(number)", game: "l\(number)"), queue: "low")
            }
            for number in 1...2 {
                try await world.push(QueueWorld.message(.start, "h\(number)", game: "h\(number)"), queue: "high")
            }
            try await world.push(QueueWorld.message(.stop, "t", game: "t"), queue: "low")
            for name in ["low", "high"] { try await world.intake(worker, from: name) }
            #expect(try await world.claim(worker, starts: 3, stops: 1).map(\.id) == ["t", "h1", "h2", "l1"])
        }
    }

    @Test("a node runs no more games than its capacity, over all its workers")
    func slots() async throws {
        try await QueueWorld.with { world in
            let options = world.options(NodeCapacity(slots: 2))
            let (one, two) = (world.worker("w1", options: options), world.worker("w2", options: options))
            let third = world.worker("w3", node: "n2", options: options)
            for worker in [one, two, third] { try await worker.announce([]) }
            for number in 1...5 { try await world.push(QueueWorld.message(.start, "s\(number)", game: "g\(number)")) }
            try await world.intake(one)
            let first = try await world.claim(one)
            #expect(first.count == 2)
            #expect(try await world.claim(two).isEmpty)
            try await world.finish(one, first[0], .failed(.imageNotFound, "x"), owner: .undo, freesReservation: true)
            #expect(try await world.claim(two).map(\.id) == ["s3"])
            // A node with room takes what this one cannot.
            #expect(try await world.claim(third).count == 2)
        }
    }

    @Test("a sweep says if there may be work, so an idle worker sends no claim")
    func mayHaveWork() async throws {
        try await QueueWorld.with { world in
            let (here, there) = (world.worker("w1"), world.worker("w2", node: "n2"))
            try await here.announce([])
            #expect(try await here.sweep().mayHaveWork == false)
            try await world.push(QueueWorld.message(.start, "s1"))
            #expect(try await here.sweep().mayHaveWork)
            try await world.intake(here)
            #expect(try await here.sweep().mayHaveWork)
            #expect(try await there.sweep().mayHaveWork)
            let job = try #require(try await world.claim(here).first)
            #expect(try await here.sweep().mayHaveWork == false)
            try await world.finish(here, job)
            // What belongs to another node is none of its business.
            try await world.push(QueueWorld.message(.stop, "t1"))
            try await world.intake(there)
            #expect(try await here.sweep().mayHaveWork)
            #expect(try await there.sweep().mayHaveWork == false)
        }
    }

    @Test("at maxmemory only the intake stops")
    func outOfMemory() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "j1"), QueueWorld.message(.start, "j2", game: "g2"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker, starts: 1).first)
            try await world.push(QueueWorld.message(.start, "j3", game: "g3"))
            _ = try await world.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let error = await #expect(throws: QueueError.self) { try await world.intake(worker) }
            #expect(error?.isOutOfMemory == true)
            #expect(try await worker.extend([job.held], docker: .answers).answers == [.ok])
            #expect(try await world.finish(worker, job) == .ok)
            let second = try await world.claim(worker, starts: 1)
            #expect(second.map(\.id) == ["j2"])
            _ = try await worker.sweep()
            _ = try await world.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            #expect(try await world.intake(worker).taken == 1)
        }
    }

    @Test("the configured number of results and ids is kept")
    func retention() async throws {
        try await QueueWorld.with(options: JobQueueOptions(retention: .seconds(3_600), retentionEntries: 10)) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            for number in 0..<50 { try await world.push(QueueWorld.message(.start, "j\(number)", game: "g\(number)")) }
            while try await !world.intake(worker).isEmptied {}
            for job in try await world.claim(worker, starts: 50) { try await world.finish(worker, job) }
            let results = try await world.results()
            #expect(results.map(\.jobID) == (40..<50).map { "j\($0)" })
            #expect(try await world.client.send(RedisCommand("EXISTS", .string(world.keys.job("j0")))) == .integer(0))
            let ttl = try await world.client.send(RedisCommand("TTL", .string(world.keys.job("j49")))).integer ?? 0
            #expect((3_000...3_600).contains(ttl))
        }
    }
}

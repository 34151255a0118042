import QueueAdmin
import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("Keys of a wrong type, on a real Redis", .timeLimit(.minutes(2)))
struct WrongTypeTests {
    private func spoil(_ name: String, _ world: QueueWorld) async throws {
        let key = RedisArgument.string(world.keys.prefix + name)
        _ = try await world.client.send(RedisCommand("DEL", key))
        _ = try await world.client.send(RedisCommand("SET", key, "x"))
    }

    private func mend(_ name: String, _ world: QueueWorld) async throws {
        _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.prefix + name)))
    }

    @Test("each key is reported with its consequence")
    func named() async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["high", "low"])) { world in
            let worker = world.worker("w1")
            #expect(try await worker.keyProblems().isEmpty)
            for name in ["queue:low", "dead", "results", "events", "paused", "draining", "leases"] {
                try await spoil(name, world)
            }
            let problems = try await worker.keyProblems()
            #expect(
                Set(problems.map(\.key)) == [
                    "{rtm}:queue:low", "{rtm}:dead", "{rtm}:results", "{rtm}:events", "{rtm}:paused", "{rtm}:draining",
                    "{rtm}:leases",
                ]
            )
            let text = "{rtm}:queue:low is a string, not a list: nothing is taken from this queue"
            #expect(problems.map(\.description).contains(text))
            let overview = try await worker.overview(limit: 10) { _ in nil }
            #expect(Set(overview.keyProblems.map(\.key)) == Set(problems.map(\.key)))
        }
    }

    @Test("an unreadable list of paused queues or drained nodes stops no worker")
    func paused() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await spoil("paused", world)
            try await spoil("draining", world)
            try await world.push(QueueWorld.message(.start, "a"))
            #expect(try await world.intake(worker).taken == 1)
            #expect(try await world.claim(worker).map(\.id) == ["a"])
        }
    }

    @Test("without the result stream no job ends or gets lost; all end when the key is fixed")
    func results() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "a", game: "a"))
            try await world.push(QueueWorld.message(.start, "b", game: "b"))
            try await world.push(
                QueueWorld.message(.start, "c", game: "c", more: #","deadline":"2020-01-01T00:00:00Z""#)
            )
            try await world.intake(worker)
            try await world.push("no job")
            try await spoil("results", world)
            // What has ended without being run is put off; what can run runs.
            let jobs = try await world.claim(worker)
            #expect(jobs.map(\.id) == ["a", "b"])
            await #expect(throws: QueueError.self) { try await world.intake(worker) }
            for job in jobs { await #expect(throws: QueueError.self) { try await world.finish(worker, job) } }
            #expect(try await world.liveCount() == 3)
            #expect(try await world.client.send(RedisCommand("ZCARD", "{rtm}:leases")).integer == 2)
            try await mend("results", world)
            for job in jobs { #expect(try await world.finish(worker, job) == .ok) }
            try await world.intake(worker)
            try await eventually("the late job to end", until: { $0.count == 4 }) {
                _ = try await worker.sweep()
                _ = try await world.claim(worker)
                return try await world.results()
            }
            let outcomes = try await world.results().map(\.outcome)
            #expect(outcomes == [.succeeded, .succeeded, .rejected, .expired])
            #expect(try await world.liveCount() == 0)
        }
    }

    @Test("a job without attempts left is poisoned only when its result can be published")
    func poisoned() async throws {
        try await QueueWorld.with(options: JobQueueOptions(lease: .zero, crashLimit: 1)) { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.stop, "a"))
            try await world.intake(worker)
            #expect(try await world.claim(worker).count == 1)
            try await spoil("results", world)
            for _ in 0..<3 { #expect(try await worker.sweep().poisoned == 0) }
            try await mend("results", world)
            try await eventually("the job to be given up", until: { $0 == 1 }) { try await worker.sweep().poisoned }
            #expect(try await world.results().map(\.errorCode) == ["poisoned"])
        }
    }

    @Test("without the dead-letter stream results are published, and lost dead letters counted")
    func dead() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await spoil("dead", world)
            try await world.push(QueueWorld.message(.start, "a"), "no job")
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            #expect(try await world.finish(worker, job, .failed(.timeout, "late")) == .ok)
            #expect(try await world.results().map(\.outcome) == [.rejected, .failed])
            #expect(try await world.hash(world.keys.job("a"))["state"] == "done")
            #expect(try await world.hash(world.keys.meta)["dead_lost"] == "2")
            #expect(try await worker.overview(limit: 1) { _ in nil }.deadLost == 2)
            _ = try await worker.sweep()
        }
    }

    @Test("a job's key of a wrong type counts as a lost record, and stops no other job")
    func record() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            for id in ["a", "b"] { try await world.push(QueueWorld.message(.start, JobID(id), game: GameID(id))) }
            try await world.intake(worker)
            try await spoil("job:a", world)
            #expect(try await world.claim(worker).map(\.id) == ["b"])
            #expect(try await world.hash(world.keys.meta)["lost_records"] == "1")
        }
    }
}

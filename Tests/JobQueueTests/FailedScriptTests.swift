import JobContract
import JobQueue
import Primitives
import Redis
import Support
import Testing

@Suite("A Lua function that fails halfway", .timeLimit(.minutes(1)))
struct FailedScriptTests {
    @Test("leaves no lane and no lease of the jobs that it has ended")
    func finish() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "s1"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            try await world.push(QueueWorld.message(.stop, "t1"))
            try await world.intake(worker)
            // By hand, or by a program of somebody else: a text where the script wants a hash.
            _ = try await world.client.send(RedisCommand("SET", .string(world.keys.prefix + "started:n1"), "text"))
            let finished = QueueWorld.finished(
                job,
                started: StartedContainer(containerID: "c1", checkpoint: "s", demand: QueueWorld.usual)
            )
            await #expect(throws: QueueError.self) { try await worker.finish([finished]) }
            #expect(try await world.results().map(\.jobID) == ["s1"])
            #expect(try await world.liveCount() == 1)
            // Said once more, it is known, and the game goes on.
            #expect(try await worker.finish([finished]).answers == [.again])
            #expect(try await world.claim(worker).map(\.id) == ["t1"])
        }
    }
}

@Suite("Data of another version", .timeLimit(.minutes(1)))
struct DataVersionTests {
    @Test("keeps a worker from registering until the data are deleted", arguments: [("form", "1"), ("state", "17")])
    func refused(_ field: String, _ value: String) async throws {
        try await QueueWorld.with(isNew: true) { world in
            let worker = world.worker("w1")
            try await world.set(field, value)
            for _ in 1...2 {
                let error = await #expect(throws: QueueError.self) { try await worker.announce([]) }
                #expect("\(try #require(error))".contains("delete {rtm}:meta"))
            }
            _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.meta)))
            try await worker.announce([])
            #expect(try await world.hash(world.keys.meta)["form"] == "10")
            // Another of the same form.
            try await world.worker("w2").announce([])
        }
    }

    @Test("stops a worker that has registered before: every call with changes is refused, and nothing changes")
    func changed() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await world.push(QueueWorld.message(.start, "s1", game: "g1"))
            _ = try await world.intake(worker)
            try await world.set("form", "99")
            let before = try await world.hash(world.keys.meta)
            let claim = await #expect(throws: QueueError.self) { try await world.claim(worker) }
            #expect(claim?.isOfOtherForm == true, "\(String(describing: claim))")
            let sweep = await #expect(throws: QueueError.self) { try await worker.sweep() }
            #expect(sweep?.isOfOtherForm == true && "\(sweep!)".contains("form of another version"))
            #expect(try await world.hash(world.keys.meta) == before)
            try await world.set("form", "10")
            #expect(try await world.claim(worker).map(\.id) == ["s1"])
        }
    }
}

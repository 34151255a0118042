import JobContract
import Primitives
import Redis
import RuntimeClient
import Support
import Testing

@Suite("A consumer that starts again under its name", .timeLimit(.minutes(1)))
struct ConsumerRestartTests {
    private static let group = "master"

    /// Runs a consumer until its notes are `enough`, then cancels the consumer.
    private func run(_ consumer: Consumer, _ notes: Notes, until enough: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await consumer.run { notes.add($0.result?.jobID.text ?? "?") } }
            try await eventually("\(enough) entries") { notes.all.count >= enough }
            tasks.cancelAll()
        }
    }

    /// Delivers `count` entries to the member `name`, which acknowledges none, as a member that dies.
    private func deliver(_ count: Int, to name: String, _ world: ClientWorld) async throws {
        let key = RedisArgument.string(world.keys.results)
        _ = try? await world.raw.send(RedisCommand("XGROUP", "CREATE", key, .string(Self.group), "0", "MKSTREAM"))
        for number in 0..<count { try await world.end("j\(number)") }
        let read = RedisCommand(
            "XREADGROUP",
            "GROUP",
            .string(Self.group),
            .string(name),
            "COUNT",
            .integer(Int64(count)),
            "STREAMS",
            key,
            ">"
        )
        _ = try await world.raw.send(read)
        #expect(try await world.pending(world.keys.results, Self.group) == Int64(count))
    }

    @Test("handles all its own entries first, in order, without waiting for its patience")
    func own() async throws {
        try await ClientWorld.with { world in
            // More than two batches of 64.
            let count = 150
            try await deliver(count, to: "one", world)
            try await world.end("new")
            let notes = Notes()
            // The patience of an hour would be over long after this test.
            var consumer = world.client.consumer(of: .results, group: Self.group, name: "one")
            consumer.patience = .seconds(3_600)
            try await run(consumer, notes, until: count + 1)
            #expect(notes.all == (0..<count).map { "j\($0)" } + ["new"])
        }
    }

    @Test("leaves the entries of other members until their patience is over")
    func others() async throws {
        try await ClientWorld.with { world in
            try await deliver(3, to: "one", world)
            try await world.end("new")
            let notes = Notes()
            var consumer = world.client.consumer(of: .results, group: Self.group, name: "two")
            consumer.patience = .seconds(3_600)
            try await run(consumer, notes, until: 1)
            #expect(notes.all == ["new"])
            #expect(try await world.pending(world.keys.results, Self.group) ?? 0 >= 3)
        }
    }

    @Test("acknowledges its entries that were trimmed meanwhile, and handles none of them")
    func trimmed() async throws {
        try await ClientWorld.with { world in
            try await deliver(5, to: "one", world)
            let key = RedisArgument.string(world.keys.results)
            _ = try await world.raw.send(RedisCommand("XTRIM", key, "MAXLEN", 2))
            let notes = Notes()
            let consumer = world.client.consumer(of: .results, group: Self.group, name: "one")
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await consumer.run { notes.add($0.result?.jobID.text ?? "?") } }
                try await eventually("acknowledgements") {
                    try await world.pending(world.keys.results, Self.group) == 0
                }
                tasks.cancelAll()
            }
            #expect(notes.all == ["j3", "j4"])
        }
    }
}

@Suite("A result that the client does not see on the stream", .timeLimit(.minutes(1)))
struct UnseenResultTests {
    @Test("is found in the job's record, if the entry was trimmed before the client read the entry")
    func trimmed() async throws {
        try await ClientWorld.with { world in
            let start = try await world.client.lastEntry(of: .results)
            try await world.end("j1")
            _ = try await world.raw.send(RedisCommand("XTRIM", .string(world.keys.results), "MAXLEN", 0))
            let result = try await world.client.result(of: "j1", after: start, within: .seconds(20))
            #expect(result.jobID == "j1")
            #expect(result.effect == .started)
        }
    }

    @Test("has a time, if the job is signed: without a time, a worker cannot detect a replay")
    func signedTime() async throws {
        let keys = try SigningKeys(lines: Array("k:0123456789abcdef".utf8))
        try await ClientWorld.with(signingKeys: keys) { world in
            try await world.client.enqueue(.stop("lobby", id: "j1"))
            var dated = JobRequest.stop("lobby", id: "j2")
            dated.enqueuedAt = Timestamp(seconds: 1_700_000_000)
            try await world.client.enqueue(dated)
            let decoder = JobDecoder(signer: JobSigner(keys, namespace: "rtm"))
            let times = try await world.messages().map { message in
                guard case .job(let job) = decoder.decode(Array(message.utf8)) else { return "no job" }
                return job.enqueuedAt ?? "none"
            }
            #expect(times.count == 2)
            #expect(Timestamp(rfc3339: times.first ?? "") != nil)
            #expect(times.last == "2023-11-14T22:13:20.000Z")
        }
    }
}

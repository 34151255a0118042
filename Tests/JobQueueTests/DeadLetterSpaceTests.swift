import QueueAdmin
import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("The space of dead letters, on a real Redis", .timeLimit(.minutes(2)))
struct DeadLetterSpaceTests {
    private static func with(
        bytes: Int = 16 << 20,
        _ body: (QueueWorld, JobQueue) async throws -> Void
    ) async throws {
        try await QueueWorld.with(options: JobQueueOptions(deadBytes: bytes)) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            try await body(world, worker)
        }
    }

    /// Bytes of all names and values of the letters that are there.
    private func counted(_ world: QueueWorld) async throws -> Int {
        let entries =
            try await world.client.send(RedisCommand("XRANGE", .string(world.keys.dead), "-", "+")).array ?? []
        return entries.compactMap { $0.array?.last?.array }.joined().reduce(0) { $0 + ($1.bytes?.count ?? 0) }
    }

    private func letter(_ worker: JobQueue, _ code: String) async throws -> DeadLetter? {
        try await worker.deadLetters(limit: 10).first { $0.errorCode == code }
    }

    @Test("a message that is no job keeps 4 KiB; a refused or failed job keeps its whole message")
    func kept() async throws {
        try await Self.with { world, worker in
            let pad = String(repeating: " ", count: 20_000)
            try await world.push("no job" + pad)
            try await world.push(QueueWorld.message(.start, "bad", more: #","max_attempts":0"#) + pad)
            try await world.push(QueueWorld.message(.start, "refused") + pad)
            try await world.push(QueueWorld.message(.start, "failed") + pad)
            let decoder = JobDecoder()
            _ = try await worker.intake(queue: "default") { message in
                guard case .job(let job) = decoder.decode(message), job.id == "refused" else {
                    return decoder.decode(message)
                }
                var refusal = Rejection(id: job.id, code: .imageNotAllowed, error: "no")
                refusal.digest = job.digest
                return .rejected(refusal)
            }
            let job = try #require(try await world.claim(worker).first)
            try await world.finish(worker, job, .failed(.timeout, "late"))
            for code in ["invalid_message", "invalid_job"] {
                let letter = try #require(try await letter(worker, code))
                #expect(letter.message.count == 4_096 && letter.size > 20_000 && !letter.isWhole)
            }
            for code in ["image_not_allowed", "timeout"] {
                #expect(try #require(try await letter(worker, code)).isWhole)
            }
            let bytes = try await counted(world)
            #expect(try await worker.deadLetterTotals().bytes == bytes)
        }
    }

    @Test("beyond the bound the oldest are deleted and counted, and their records closed")
    func bounded() async throws {
        try await Self.with(bytes: 100_000) { world, worker in
            let pad = String(repeating: " ", count: 65_000)
            for number in 1...200 {
                try await world.push(#"{"v":1,"id":"bad-\#(number)","kind":"fly","game_id":"g1"}"# + pad)
                if number % 64 == 0 || number == 200 { while try await world.intake(worker).taken > 0 {} }
            }
            let totals = try await worker.deadLetterTotals()
            let bytes = try await counted(world)
            #expect(totals.count + totals.trimmed == 200 && totals.count > 10)
            #expect(totals.bytes <= 100_000 && totals.bytes == bytes)
            #expect(try await world.hash(world.keys.job("bad-1"))["state"] == "done")
            #expect(try await world.hash(world.keys.job("bad-200"))["state"] == "dead")
            let overview = try await worker.overview(limit: 1) { _ in nil }
            #expect(overview.deadTrimmed == totals.trimmed && overview.deadBytes == totals.bytes)
        }
    }

    @Test("all are dropped at once, and the byte count becomes zero")
    func dropAll() async throws {
        try await Self.with { world, worker in
            for number in 1...100 { try await world.push("bad \(number)") }
            while try await world.intake(worker).taken > 0 {}
            #expect(try await worker.dropAll() == 100)
            #expect(try await worker.dropAll() == 0)
            #expect(try await worker.deadLetterTotals() == DeadLetterTotals())
            let id = JobDecoder.invalidID(of: Array("bad 1".utf8))
            #expect(try await world.hash(world.keys.job(id))["state"] == "done")
        }
    }
}

import QueueAdmin
import Foundation
import JobContract
import JobQueue
import Primitives
import Redis
import Support
import Testing

@Suite("The age of signed jobs, on a real Redis", .tags(.timing), .timeLimit(.minutes(2)))
struct SignedAgeTests {
    private static let options = JobQueueOptions(mostAge: .seconds(100))

    private func signer() throws -> JobSigner {
        JobSigner(try SigningKeys(lines: Array("k:0123456789abcdef".utf8)), namespace: "rtm")
    }

    /// A signed start that was pushed so many seconds ago, on Redis' clock.
    private func message(_ id: JobID, age: Int64, in world: QueueWorld) async throws -> String {
        let parts = try await world.client.send(RedisCommand("TIME")).array ?? []
        let now = Timestamp(seconds: parts.first?.string.flatMap { Int64($0) } ?? 0)
        let time = now.advanced(by: .seconds(-age)).rfc3339
        return try signer().sign(
            QueueWorld.message(.start, id, game: GameID(id.text), more: #","enqueued_at":"\#(time)""#)
        )
    }

    private func intake(_ worker: JobQueue) async throws -> IntakeOutcome {
        let decoder = JobDecoder(signer: try signer())
        return try await worker.intake(queue: "default") { decoder.decode($0) }
    }

    @Test("is checked at intake: a job that is too old or from the future is refused without its id")
    func window() async throws {
        try await QueueWorld.with(options: Self.options) { world in
            let worker = world.worker("w1")
            for (id, age) in [("old" as JobID, Int64(102)), ("fits", 98), ("ahead", -58), ("far", -63)] {
                try await world.push(try await message(id, age: age, in: world))
            }
            let outcome = try await intake(worker)
            #expect(outcome.taken == 4)
            #expect(outcome.rejections.map(\.code) == [.badSignature, .badSignature])
            #expect(try await world.claim(worker).map(\.id) == ["fits", "ahead"])
            for id: JobID in ["old", "far"] {
                let known = try await world.client.send(RedisCommand("EXISTS", .string(world.keys.job(id)))).integer
                #expect(known == 0)
            }
            let letters = try await worker.deadLetters(limit: 10)
            #expect(letters.count == 2)
            #expect(letters.allSatisfy { $0.errorCode == "bad_signature" && $0.jobID.text.hasPrefix("invalid:") })
            #expect(letters.contains { $0.error.contains("more than 100 s ago") })
            #expect(letters.contains { $0.error.contains("ahead of Redis' clock") })
        }
    }

    @Test("a replayed message has one result, and never runs again")
    func captured() async throws {
        try await QueueWorld.with(options: Self.options) { world in
            let worker = world.worker("w1")
            let old = try await message("j1", age: 102, in: world)
            for _ in 0..<3 { try await world.push(old) }
            _ = try await intake(worker)
            try await world.push(old)
            _ = try await intake(worker)
            #expect(try await world.claim(worker).isEmpty)
            let results = try await world.client.send(RedisCommand("XLEN", .string(world.keys.results))).integer
            #expect(results == 1)
        }
    }

    @Test("their ids are kept as long as a replay is possible, whatever the number of later results")
    func trimmed() async throws {
        let options = JobQueueOptions(retentionEntries: 10, mostAge: .seconds(100))
        try await QueueWorld.with(options: options) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            let captured = try await message("j1", age: 1, in: world)
            try await world.push(captured)
            _ = try await intake(worker)
            let claimed = try #require(try await world.claim(worker).first)
            _ = try await world.finish(worker, claimed)
            for number in 0..<60 { try await world.push("junk \(number)") }
            while try await intake(worker).taken > 0 {}
            let results = try await world.client.send(RedisCommand("XLEN", .string(world.keys.results))).integer ?? 0
            #expect(results < 40)
            try await world.push(captured)
            _ = try await intake(worker)
            #expect(try await world.claim(worker).isEmpty)
            let junk = try await world.client.send(RedisCommand("KEYS", .string(world.keys.job("invalid:*")))).array
            #expect((junk ?? []).count <= results)
        }
    }

    @Test("does not matter for an operator's retry, which runs the job once under its id")
    func retried() async throws {
        try await QueueWorld.with(options: Self.options) { world in
            let worker = world.worker("w1")
            try await world.push(try await message("j1", age: 102, in: world))
            _ = try await intake(worker)
            let letter = try #require(try await worker.deadLetters(limit: 1).first)
            guard case .job(let job) = JobDecoder(signer: try signer()).decode(letter.message) else {
                Issue.record("the kept message is no job")
                return
            }
            #expect(try await worker.retry(letter, as: job) == .ok)
            #expect(try await world.claim(worker).map(\.id) == ["j1"])
            // The same bytes again are no second job.
            try await world.push(String(decoding: letter.message, as: UTF8.self))
            _ = try await intake(worker)
            #expect(try await world.claim(worker).isEmpty)
            #expect(try await worker.retry(letter, as: job) == .gone)
        }
    }

    @Test("is not checked again at the claim")
    func later() async throws {
        try await QueueWorld.with(options: Self.options) { world in
            let worker = world.worker("w1")
            try await world.push(try await message("j1", age: 98, in: world))
            _ = try await intake(worker)
            // On another worker that takes nothing younger in, the job is claimed all the same.
            let strict = world.worker("w2", options: JobQueueOptions(mostAge: .milliseconds(1)))
            #expect(try await world.claim(strict).map(\.id) == ["j1"])
        }
    }
}

import QueueAdmin
import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("Operator actions on a real Redis", .timeLimit(.minutes(2)))
struct OperatorTests {
    @Test("a paused queue begins nothing, running jobs end, and after resume it continues in order")
    func pause() async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["a", "b"])) { world in
            let worker = world.worker("w1")
            for number in 1...3 {
                try await world.push(QueueWorld.message(.start, "a\(number)", game: "a"), queue: "a")
            }
            try await world.intake(worker, from: "a")
            let running = try #require(try await world.claim(worker).first)
            #expect(try await worker.pause(queue: "a"))
            #expect(try await worker.pause(queue: "a") == false)
            #expect(try await worker.pausedQueues() == ["a"])
            try await world.push(QueueWorld.message(.start, "a4", game: "a"), queue: "a")
            try await world.push(QueueWorld.message(.start, "b1", game: "b"), queue: "b")
            #expect(try await world.intake(worker, from: "a").isPaused)
            try await world.intake(worker, from: "b")
            try await world.finish(worker, running)
            #expect(try await world.claim(worker).map(\.id) == ["b1"])
            #expect(try await worker.peek(queue: "a", limit: 5).count == 1)
            #expect(try await worker.resume(queue: "a"))
            #expect(try await worker.resume(queue: "a") == false)
            try await world.intake(worker, from: "a")
            for id: JobID in ["a2", "a3", "a4"] {
                let job = try #require(try await world.claim(worker).first)
                #expect(job.id == id)
                try await world.finish(worker, job)
            }
        }
    }

    @Test("a dead job keeps its whole message, and a retry runs it again under its id")
    func requeue() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let message = QueueWorld.message(.start, "j1", more: #","deadline":"2999-01-01T00:00:00Z","env":{"A":"ä"}"#)
            try await world.push(message)
            try await world.intake(worker)
            var job = try #require(try await world.claim(worker).first)
            try await world.finish(
                worker,
                job,
                .failed(.imagePullFailed, "no registry"),
                owner: .undo,
                freesReservation: true
            )
            let letter = try #require(try await worker.deadLetters(limit: 10).first)
            #expect(letter.jobID == "j1" && letter.run == 1 && letter.queue == "default" && letter.isWhole)
            #expect(letter.errorCode == "image_pull_failed" && letter.error == "no registry")
            #expect(letter.message == job.message)
            #expect(try await world.hash(world.keys.job("j1"))["state"] == "dead")
            #expect(try await worker.deadLetter(named: "j1") == letter)
            #expect(try await worker.deadLetter(named: letter.entry) == letter)
            #expect(try await worker.deadLetter(named: "j2") == nil)

            guard case .job(let decoded) = JobDecoder().decode(letter.message) else {
                Issue.record("the kept message is no job")
                return
            }
            try await world.push(QueueWorld.message(.start, "j0"))
            try await world.intake(worker)
            #expect(try await worker.retry(letter, as: decoded) == .ok)
            #expect(try await worker.retry(letter, as: decoded) == .gone)
            #expect(try await worker.deadLetters(limit: 10).isEmpty)
            // At the end of its game's lane.
            try await world.finish(worker, try #require(try await world.claim(worker).first))
            job = try #require(try await world.claim(worker).first)
            #expect(job.id == "j1" && job.attempt == 1)
            #expect(JobRecord.named(try await world.hash(world.keys.job("j1")))["_deadline"] == nil)
            try await world.finish(worker, job)
            let results = try await world.results().filter { $0.jobID == "j1" }
            #expect(results.map(\.outcome) == [.failed, .succeeded])
            #expect(results.map { $0.fields["run"] } == [nil, "2"])
            // The id is still used up.
            try await world.push(message)
            #expect(try await world.intake(worker).taken == 1)
            #expect(try await world.claim(worker).isEmpty)
        }
    }

    @Test("a dropped dead letter is deleted; its result and id remain")
    func drop() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(#"{"v":1,"id":"bad","kind":"fly","game_id":"g1"}"#)
            try await world.intake(worker)
            let letter = try #require(try await worker.deadLetters(limit: 10).first)
            #expect(letter.jobID == "bad" && letter.errorCode == "unknown_kind")
            #expect(try await worker.drop(letter) == .ok)
            #expect(try await worker.drop(letter) == .gone)
            let record = try await world.hash(world.keys.job("bad"))
            #expect(record["state"] == "done" && record["outcome"] == "rejected")
        }
    }

    @Test("a retry of a rejected message without a valid id pushes it to its queue again")
    func requeueMessage() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            func signer(_ line: String) throws -> JobSigner {
                JobSigner(try SigningKeys(lines: Array(line.utf8)), namespace: "rtm")
            }
            let key = try signer("k:0123456789abcdef")
            let time = #","enqueued_at":"2026-01-01T00:00:00Z""#
            let signed = key.sign(QueueWorld.message(.start, "j1", more: time))
            try await world.push(signed)
            // This worker has another key, so it cannot believe the id.
            let other = JobDecoder(signer: try signer("k:another key, also long"))
            _ = try await worker.intake(queue: "default") { other.decode($0) }
            let letter = try #require(try await worker.deadLetters(limit: 10).first)
            #expect(letter.jobID.text.hasPrefix("invalid:") && letter.errorCode == "bad_signature")
            let right = JobDecoder(signer: key)
            guard case .job(let job) = right.decode(letter.message) else {
                Issue.record("the kept message is no job")
                return
            }
            #expect(try await worker.retry(letter, as: job) == .ok)
            _ = try await worker.intake(queue: "default") { right.decode($0) }
            #expect(try await world.claim(worker).map(\.id) == ["j1"])
        }
    }

    @Test("results with their ids, dead letters and events are deleted after the retention time")
    func retention() async throws {
        try await QueueWorld.with(options: JobQueueOptions(retention: .milliseconds(300))) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            for number in 1...20 { try await world.push("garbage \(number)") }
            try await world.intake(worker)
            for number in 1...300 {
                _ = try await world.client.send(
                    RedisCommand("XADD", .string(world.keys.events), "*", "n", .integer(Int64(number)))
                )
            }
            #expect(try await world.results().count == 20)
            // A stream is cut by whole nodes of a hundred entries, so its last ones may stay.
            try await eventually("all to be forgotten", until: { $0.results == 0 && $0.events < 300 }) {
                _ = try await worker.sweep()
                return (results: try await world.results().count, events: try await world.events().count)
            }
            let ids = try await world.client.send(RedisCommand("KEYS", .string("{rtm}:job:*"))).array ?? []
            #expect(ids.isEmpty)
        }
    }
}

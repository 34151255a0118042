import QueueAdmin
import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("The record of a job")
struct JobRecordTests {
    @Test("names each field of its two texts, and omits absent ones")
    func names() {
        let named = JobRecord.named([
            "state": "running",
            "_job": #"{"number":7,"kind":"start","game_id":"lobby","queue":"default","run":1,"digest":"d1","#
                + #""traceparent":"00-a-b-01","enqueued_at":"2026-01-01T00:00:00Z"}"#,
            "_lease": #"{"token":"12-n","worker":"w1","node":"n1","taken_at":"2026-01-01T00:00:01.000Z","#
                + #""attempts":2,"owns":true}"#,
        ])
        #expect(
            named == [
                "state": "running", "_number": "7", "kind": "start", "game_id": "lobby",
                "_queue": "default", "_run": "1", "_digest": "d1", "_traceparent": "00-a-b-01",
                "_enqueued_at": "2026-01-01T00:00:00Z",
                "_token": "12-n", "_worker": "w1", "_node": "n1", "_taken_at": "2026-01-01T00:00:01.000Z",
                "_attempts": "2", "_owns": "true",
            ]
        )
    }

    /// A record is public, so it holds what is named here and nothing of the message besides.
    private static let factsOfWaiting: Set = [
        "state", "_number", "kind", "game_id", "_queue", "_run", "_digest", "_deadline", "_traceparent", "_enqueued_at",
    ]

    @Test("the request of a job is in no public record, and is deleted with the job")
    func message() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let message = QueueWorld.message(.start, "j1", more: #","env":{"PASSWORD":"sesame"}"#)
            func holders() async throws -> [String] {
                var found: [String] = []
                for key in try await world.client.send(RedisCommand("KEYS", "*")).array?.compactMap(\.string) ?? [] {
                    let dump = try await world.client.send(RedisCommand("DUMP", .string(key))).bytes ?? []
                    if String(decoding: dump, as: UTF8.self).contains("sesame") { found.append(key) }
                }
                return found
            }
            try await world.push(message)
            try await world.intake(worker)
            #expect(try await holders() == ["{rtm}:message:j1"])
            #expect(try await worker.sight(of: "j1")?.message == Array(message.utf8))
            var job = try #require(try await world.claim(worker).first)
            #expect(job.message == Array(message.utf8))
            #expect(try await holders() == ["{rtm}:message:j1"])
            try await worker.release([job.held])
            job = try #require(try await world.claim(worker).first)
            #expect(job.message == Array(message.utf8))
            try await world.finish(worker, job)
            #expect(try await holders().isEmpty)
            #expect(try await world.client.send(RedisCommand("KEYS", "{rtm}:message:*")).array?.isEmpty == true)
        }
    }

    @Test("the record of an ended job has its documented fields")
    func ended() {
        let fields = ["state": "done", "_token": "1-n", "_result": "1-0", "outcome": "succeeded"]
        #expect(JobRecord.named(fields) == fields)
    }

    @Test("Redis keeps the documented keys of a job while it waits, runs and waits again")
    func kept() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            func record() async throws -> [String: String] {
                JobRecord.named(try await world.hash(world.keys.job("j1")))
            }
            try await world.push(QueueWorld.message(.start, "j1", more: #","enqueued_at":"2026-01-01T00:00:00Z""#))
            try await world.intake(worker)
            var known = try await record()
            #expect(known["kind"] == "start" && known["game_id"] == "g1" && known["_queue"] == "default")
            #expect(known["_enqueued_at"] == "2026-01-01T00:00:00Z" && known["_lease"] == nil)
            #expect(Set(known.keys).isSubset(of: Self.factsOfWaiting))
            let job = try #require(try await world.claim(worker).first)
            known = try await record()
            #expect(known["_token"] == job.token.text && known["_worker"] == "w1" && known["_node"] == "n1")
            #expect(known["_attempts"] == "1" && known["_owns"] == "true")
            try await worker.release([job.held])
            known = try await record()
            #expect(known["state"] == "waiting" && known["_token"] == nil && known["_worker"] == nil)
            #expect(known["_attempts"] == "0" && known["_node"] == "n1" && known["_owns"] == nil)
        }
    }

    @Test("the result is published even if somebody deleted the hash of the job", arguments: [true, false])
    func deleted(_ succeeds: Bool) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "j1"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.job("j1"))))
            let ending =
                succeeds
                ? JobEnding(.succeeded, effect: .started) : JobEnding(.failed, errorCode: .internal)
            #expect(try await world.finish(worker, job, ending) == .ok)
            #expect(try await world.finish(worker, job, ending) == .again)
            #expect(try await world.results().map(\.jobID) == ["j1"])
            // The message has a key of its own, so a person can retry the failed job.
            #expect(try await world.hash(world.keys.job("j1"))["state"] == (succeeds ? "done" : "dead"))
            let letters = try await worker.deadLetters(limit: 10)
            #expect(letters.map(\.message) == (succeeds ? [] : [Array(QueueWorld.message(.start, "j1").utf8)]))
            #expect(try await world.liveCount() == 0)
        }
    }
}

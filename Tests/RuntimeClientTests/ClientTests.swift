import JobContract
import Redis
import RuntimeClient
import Support
import Testing

@Suite("The client library", .timeLimit(.minutes(1)))
struct ClientTests {
    @Test("pushes a job to the end of its queue, in a form that the decoder accepts")
    func enqueue() async throws {
        try await ClientWorld.with { world in
            try await world.client.enqueue(.start("lobby", image: "engine:1", id: "j1"))
            var stop = JobRequest.stop("lobby", id: "j2")
            stop.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            try await world.client.enqueue(stop)
            var urgent = JobRequest.remove("lobby", force: true, id: "j3")
            urgent.queue = "urgent"
            try await world.client.enqueue(urgent)
            let jobs = try await (world.messages() + world.messages("urgent")).map {
                JobDecoder().decode(Array($0.utf8))
            }
            let ids = jobs.map { decoded in if case .job(let job) = decoded { job.id } else { "" as JobID } }
            #expect(ids == ["j1", "j2", "j3"])
        }
    }

    @Test("signs the message if there is a key")
    func signs() async throws {
        let keys = try SigningKeys(lines: Array("k:0123456789abcdef".utf8))
        try await ClientWorld.with(signingKeys: keys) { world in
            try await world.client.enqueue(.restart("lobby", id: "j1"))
            let message = try #require(try await world.messages().first)
            guard case .job(let job) = JobDecoder(signer: JobSigner(keys, namespace: "rtm")).decode(Array(message.utf8))
            else {
                Issue.record("it is not taken: \(message)")
                return
            }
            #expect(job.kind == .restart)
        }
    }

    @Test("waits for a result that comes before, during or after the call")
    func performs() async throws {
        try await ClientWorld.with { world in
            try await world.end("earlier")
            async let result = world.client.perform(.start("g", image: "i", id: "j1"), within: .seconds(20))
            try await eventually("the message", until: { $0.count == 1 }) { try await world.messages() }
            try await world.end("another")
            try await world.end("j1")
            #expect(try await result.effect == .started)
            // What has ended before is answered, and not pushed again.
            #expect(try await world.client.perform(.start("g", image: "i", id: "j1")).succeeded)
            #expect(try await world.messages().count == 1)
            #expect(try await world.client.result(of: "j1").jobID == "j1")
            #expect(try await world.client.state(of: "j1") == .done)
            #expect(try await world.client.state(of: "unknown") == nil)
        }
    }

    @Test("ignores the result of another job with the same id")
    func reusedID() async throws {
        try await ClientWorld.with { world in
            try await world.end("fixed-1")
            let stop = JobRequest.stop("g", id: "fixed-1")
            let reused = ClientError.idReused(id: "fixed-1", asked: "stop of g", known: "start of g")
            await #expect(throws: reused) { try await world.client.perform(stop) }
            let other = JobRequest.start("h", image: "i", id: "fixed-1")
            await #expect(throws: ClientError.self) { try await world.client.perform(other) }
            #expect(try await world.messages().isEmpty)

            let waiting = Task { try await world.client.perform(.stop("g", id: "fixed-2"), within: .seconds(20)) }
            try await eventually("the message", until: { $0.count == 1 }) { try await world.messages() }
            try await world.end("fixed-2")
            await #expect(throws: ClientError.self) { try await waiting.value }
        }
    }

    @Test("throws an error if the result does not come in time")
    func late() async throws {
        try await ClientWorld.with { world in
            await #expect(throws: ClientError.noResult(within: .milliseconds(50))) {
                try await world.client.result(of: "j1", within: .milliseconds(50))
            }
        }
    }

    @Test("follows both streams, and continues after an outage of Redis")
    func follows() async throws {
        try await ClientWorld.with { world in
            try await world.end("before")
            let start = try await world.client.lastEntry(of: .results)
            let reader = StreamReader(world.client, after: [.results: start, .events: "0-0"])
            try await world.publish("started")
            try await world.end("j1")
            var seen: [StreamEntry] = []
            while seen.count < 2 { seen += await reader.next(within: .seconds(1)) }
            #expect(seen.compactMap(\.event?.kind) == [.started])
            #expect(seen.compactMap(\.result?.jobID) == ["j1"])
            _ = try await world.raw.send(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
            try await eventually("Redis to answer again") {
                (try? await world.publish("healthy")) != nil
            }
            seen = []
            while seen.isEmpty { seen = await reader.next(within: .seconds(1)) }
            #expect(seen.first?.event?.kind == .healthy)
            await reader.close()
        }
    }

    @Test("logs an outage of Redis once, and its end")
    func outage() async throws {
        try await ClientWorld.with { world in
            let record = LogRecord()
            let reader = StreamReader(world.client, after: [.events: "0-0"], logger: record.logger())
            await world.redis.kill9()
            for _ in 0..<3 { #expect(await reader.next(within: .seconds(5)).isEmpty) }
            try await world.redis.restart()
            try await eventually("a read without an error") {
                _ = await reader.next(within: .milliseconds(50))
                return record.lines.count >= 2
            }
            #expect(record.lines.count == 2)
            #expect(record.lines.first?.hasPrefix("warning waiting for Redis to come back") == true)
            #expect(record.lines.last?.hasPrefix("notice Redis answers again after=") == true)
            await reader.close()
        }
    }

    @Test("reads entries backwards, page by page")
    func backwards() async throws {
        try await ClientWorld.with { world in
            for number in 0..<5 { try await world.end("j\(number)") }
            let page = try await world.client.entries(of: .results, limit: 2)
            #expect(page.compactMap(\.result?.jobID) == ["j4", "j3"])
            let rest = try await world.client.entries(of: .results, before: page.last?.id, limit: 10)
            #expect(rest.compactMap(\.result?.jobID) == ["j2", "j1", "j0"])
        }
    }
}

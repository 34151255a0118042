import JobContract
import Logging
import Redis
import RuntimeClient
import Support
import Testing

@Suite("A consumer group", .timeLimit(.minutes(1)))
struct ConsumerTests {
    private struct Refused: Error {}

    /// Runs a consumer until `enough`, then cancels it.
    private func run(
        _ consumer: Consumer,
        _ notes: Notes,
        until enough: @escaping @Sendable ([String]) -> Bool,
        _ handle: @escaping @Sendable (StreamEntry) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await consumer.run(handle) }
            try await eventually("entries", until: enough) { notes.all }
            group.cancelAll()
        }
    }

    @Test("begins with the oldest entry, continues with new ones, and acknowledges each")
    func handles() async throws {
        try await ClientWorld.with { world in
            try await world.end("j1")
            let notes = Notes()
            let consumer = world.client.consumer(of: .results, group: "master", name: "one")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await consumer.run { notes.add($0.result?.jobID.text ?? "?") } }
                try await eventually("the first", until: { $0 == ["j1"] }) { notes.all }
                try await world.end("j2")
                try await eventually("the second", until: { $0 == ["j1", "j2"] }) { notes.all }
                try await eventually("the acknowledgement", until: { $0 == 0 }) {
                    try await world.pending(world.keys.results, "master")
                }
                group.cancelAll()
            }
        }
    }

    @Test("redelivers unacknowledged entries: to the same consumer at once, to others after a delay")
    func again() async throws {
        try await ClientWorld.with { world in
            try await world.end("j1")
            let notes = Notes()
            let first = world.client.consumer(of: .results, group: "master", name: "one")
            // It refuses once and goes away, as one that crashes.
            try await run(first, notes, until: { $0.count == 1 }) { entry in
                notes.add(entry.result?.jobID.text ?? "?")
                throw Refused()
            }
            #expect(try await world.pending(world.keys.results, "master") == 1)
            var other = world.client.consumer(of: .results, group: "master", name: "two")
            other.patience = .milliseconds(200)
            try await run(other, notes, until: { $0.count == 2 }) { notes.add($0.result?.jobID.text ?? "?") }
            #expect(notes.all == ["j1", "j1"])
        }
    }

    @Test("redelivers a refused entry, which does not block the entries behind it")
    func refused() async throws {
        try await ClientWorld.with { world in
            try await world.end("bad")
            try await world.end("good")
            let notes = Notes()
            var consumer = world.client.consumer(of: .results, group: "master", name: "one")
            consumer.patience = .milliseconds(200)
            try await run(consumer, notes, until: { $0.count == 3 }) { entry in
                let id = entry.result?.jobID.text ?? "?"
                notes.add(id)
                if id == "bad", notes.all.count == 1 { throw Refused() }
            }
            #expect(notes.all == ["bad", "good", "bad"])
        }
    }

    @Test("continues after Redis has lost all data, including the group")
    func lostData() async throws {
        try await ClientWorld.with { world in
            try await world.end("j1")
            let notes = Notes()
            let consumer = world.client.consumer(of: .results, group: "master", name: "one")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await consumer.run { notes.add($0.result?.jobID.text ?? "?") } }
                try await eventually("the first", until: { $0 == ["j1"] }) { notes.all }
                _ = try await world.raw.send(RedisCommand("FLUSHALL"))
                try await world.end("j2")
                try await eventually("the second", until: { $0 == ["j1", "j2"] }) { notes.all }
                group.cancelAll()
            }
        }
    }

    @Test("logs an outage of Redis once, and its end")
    func outage() async throws {
        let record = LogRecord()
        try await ClientWorld.with(logger: record.logger(level: .debug)) { world in
            func lines(_ level: String) -> [String] {
                record.lines.filter { $0.hasPrefix(level) && $0.contains("group=master") }
            }
            let consumer = world.client.consumer(of: .results, group: "master", name: "one")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await consumer.run { _ in } }
                try await eventually("the group") {
                    (try? await world.pending(world.keys.results, "master")) != nil
                }
                await world.redis.kill9()
                try await eventually("repeated failures") { lines("debug the consumer continues").count >= 2 }
                try await world.redis.restart()
                try await eventually("the end") { !lines("notice Redis answers again").isEmpty }
                group.cancelAll()
            }
            #expect(lines("warning").count == 1)
            #expect(lines("notice").count == 1)
        }
    }
}

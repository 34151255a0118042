import JobContract
import JobQueue
import Redis
import Support
import Testing

/// The commands of an idle fleet, those of functions too. Each worker sends them all the time.
@Suite("What an idle namespace costs", .timeLimit(.minutes(1)))
struct IdleCostTests {
    /// Returns the number of commands that Redis executes during `body`.
    private func commands(_ world: QueueWorld, _ body: () async throws -> Void) async throws -> Int {
        func total() async throws -> Int {
            let text = try await world.client.send(RedisCommand("INFO", "stats")).string ?? ""
            let line = try #require(
                text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_commands_processed:") }
            )
            return try #require(Int(line.drop { $0 != ":" }.dropFirst()))
        }
        let before = try await total()
        try await body()
        // The question itself is a command.
        return try await total() - before - 1
    }

    @Test("a sweep with nothing to move and no work costs nine commands, for any number of queues")
    func sweep() async throws {
        try await QueueWorld.with(options: JobQueueOptions(queues: ["a", "b", "c"])) { world in
            let worker = world.worker("w1")
            try await worker.announce([])
            // The first sweep loads the library and cleans up.
            _ = try await worker.sweep()
            let cost = try await commands(world) { _ = try await worker.sweep() }
            #expect(cost <= 9)
        }
    }

    @Test("a leader asks little of an idle namespace, and nearly nothing about the fleet if another node reads it")
    func figures() async throws {
        try await QueueWorld.with { world in
            let (first, second) = (world.worker("w1", node: "n1"), world.worker("w2", node: "n2"))
            for worker in [first, second] { try await worker.announce([]) }
            let waits = try await commands(world) { _ = try await first.waits() }
            #expect(waits <= 2)
            let now = try await first.redisTime()
            _ = try await first.fleetCounts(at: now, searchesQueues: false)
            let asReader = try await commands(world) {
                _ = try await first.fleetCounts(at: now, searchesQueues: false)
            }
            #expect(asReader <= 10)
            let asOther = try await commands(world) { _ = try await second.fleetCounts(at: now, searchesQueues: false) }
            #expect(asOther <= 1)
        }
    }
}

import JobContract
import JobQueue
import Redis
import RuntimeCore
import Support
import Testing

@testable import Runtime

@Suite("Queues that cannot be read", .timeLimit(.minutes(2)))
struct QueueTroubleTests {
    @Test("a queue key of a wrong type does not stop the others, and readiness names the key")
    func isolated() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(queues: ["low", "default"]) { worker in
                let low = RedisArgument.string(world.keys.queue("low"))
                _ = try await world.client.send(RedisCommand("SET", low, "x"))
                for number in 0..<5 {
                    try await world.push(.stop, "t\(number)")
                    _ = try await world.result("t\(number)")
                }
                let problem = "{rtm}:queue:low is a string, not a list"
                try await eventually("the name of the key", until: { $0.contains { $0.contains(problem) } }) {
                    worker.health.keyProblems
                }
                _ = try await world.client.send(RedisCommand("DEL", low))
                let message = #"{"v":1,"id":"low-1","kind":"stop","game_id":"g2"}"#
                _ = try await world.client.send(RedisCommand("LPUSH", low, .string(message)))
                #expect(try await world.result("low-1").succeeded)
                try await eventually("the end of the trouble", within: .seconds(30), until: \.isEmpty) {
                    worker.health.keyProblems
                }
            }
        }
    }
}

import JobContract
import JobQueue
import Logging
import Redis
import RuntimeCore
import Support
import Testing

@testable import Runtime

@Suite("Queues that cannot be read", .timeLimit(.minutes(2)))
struct QueueTroubleTests {
    @Test("a server that stays a replica, and data of another form, get a line in the log, and no line at each try")
    func quiet() async throws {
        let record = LogRecord()
        let logger = record.logger(level: .debug)
        try await WorkerWorld.with { world in
            try await world.withWorker(logger: logger) { worker in
                try await eventually("a worker that waits") { try await world.isWaitingForJobs() }
                let other = RedisCommand("HSET", .string(world.keys.meta), "form", "99")
                _ = try await world.client.send(other)
                try await world.push(.stop, "t1")
                let begin = ContinuousClock.now
                let tries = { record.lines.filter { $0.contains("jobs cannot be taken") } }
                try await eventually("some tries", until: { $0.count > 4 }) { tries() }
                try await eventually("a reason", until: { $0?.contains("form of another version") == true }) {
                    worker.health.loopProblem
                }
                _ = try await world.client.send(RedisCommand("HSET", .string(world.keys.meta), "form", "10"))
                #expect(try await world.result("t1").succeeded)
                _ = try await world.client.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
                let before = tries().count
                try await eventually("more tries", until: { $0.count > before + 2 }) { tries() }
                let problem = worker.health.loopProblem
                #expect(
                    problem?.contains("READONLY") == true || problem?.contains("replica") == true,
                    "\(problem ?? "")"
                )
                // A client that stays connected to the former master cannot end its time as a replica.
                let master = RedisBlockingConnection(try Self.patient(world), logger: .silent)
                _ = try await master.send(RedisCommand("REPLICAOF", "NO", "ONE"), serverTimeout: .seconds(5))
                await master.close()
                try await eventually("a push") { (try? await world.push(.stop, "t2")) != nil }
                #expect(try await world.result("t2").succeeded)
                let minutes = Int(begin.duration(to: .now) / .seconds(60))
                #expect(tries().filter { $0.hasPrefix("warning") }.count <= 1 + minutes, "\(tries())")
            }
        }
    }

    /// The configuration of a connection that takes a replica as well.
    private static func patient(_ world: WorkerWorld) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: world.redis.unixURL)
        configuration.acceptsReplica = true
        return configuration
    }

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
                try await eventually("the end of the trouble", until: \.isEmpty) {
                    worker.health.keyProblems
                }
            }
        }
    }

    @Test("a call that fails at a key of a wrong type has the keys checked at once", arguments: ["results", "leases"])
    func atOnce(key: String) async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { worker in
                // The first check of all keys is over then.
                try await eventually("a worker that waits") { try await world.isWaitingForJobs() }
                let name = world.keys.prefix + key
                _ = try await world.client.send(RedisCommand("SET", .string(name), "x"))
                try await world.push(.stop, "t1")
                try await eventually(
                    "the name of the key",
                    until: { $0.contains { $0.contains("\(name) is a string") } }
                ) {
                    worker.health.keyProblems
                }
                _ = try await world.client.send(RedisCommand("DEL", .string(name)))
                #expect(try await world.result("t1").succeeded)
            }
        }
    }
}

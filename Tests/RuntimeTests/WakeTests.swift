import DockerPort
import JobContract
import Redis
import Runtime
import Support
import Testing

@Suite("Who is woken by a message", .timeLimit(.minutes(2)))
struct WakeTests {
    /// Sweeps and leases take minutes, so that nothing but the wake-up under test helps.
    private static let lease = Duration.seconds(200)

    @Test("a push wakes one of five workers, which asks Redis for five scripts at most")
    func onePush() async throws {
        let jobs = 20
        try await WorkerWorld.with(lease: Self.lease) { world in
            try await withWorkers(5, in: world) {
                try await eventually("all workers wait") { try await world.waitingCount() == 5 }
                let before = (waits: try await world.calls(of: "blmove"), scripts: try await world.calls(of: "fcall"))
                for number in 0..<jobs {
                    try await world.push(.stop, "t\(number)", game: "g\(number)")
                    _ = try await world.result("t\(number)")
                    try await eventually("all workers wait again") { try await world.waitingCount() == 5 }
                }
                let waits = try await world.calls(of: "blmove") - before.waits
                let scripts = try await world.calls(of: "fcall") - before.scripts
                #expect((jobs...jobs * 3 / 2).contains(waits), "\(waits) waits for \(jobs) jobs")
                #expect(scripts <= 5 * jobs, "\(scripts) scripts for \(jobs) jobs")
            }
        }
    }

    /// Runs so many workers for the time of `body`.
    private func withWorkers(_ count: Int, in world: WorkerWorld, _ body: () async throws -> Void) async throws {
        guard count > 0 else { return try await body() }
        try await world.withWorker("w\(count)") { _ in try await withWorkers(count - 1, in: world, body) }
    }

    @Test("a message that has woken a worker which died is found by another")
    func deadWaiter() async throws {
        try await WorkerWorld.with(lease: Self.lease) { world in
            try await world.withWorker { _ in
                try await eventually("the worker waits") { try await world.isWaitingForJobs() }
                let message = #"{"v":1,"id":"t1","kind":"stop","game_id":"g1"}"#
                let inbox = RedisArgument.string(world.keys.inbox("default"))
                _ = try await world.client.send(RedisCommand("LPUSH", inbox, .string(message)))
                #expect(try await world.result("t1").succeeded)
            }
        }
    }

    @Test("a message that is too large wakes a worker, ends, and leaves the waiting connection open")
    func tooLarge() async throws {
        try await WorkerWorld.with(lease: Self.lease) { world in
            try await world.withWorker { _ in
                try await eventually("the worker waits") { try await world.isWaitingForJobs() }
                let connection = try await world.waiter()
                let queue = RedisArgument.string(world.keys.queue("default"))
                for size in [JobDecoder.maximumMessageBytes + 1, 8 << 20] {
                    let message = [UInt8](repeating: UInt8(ascii: "x"), count: size)
                    _ = try await world.client.send(RedisCommand("LPUSH", queue, .bytes(message)))
                    #expect(try await world.result(JobDecoder.invalidID(of: message)).errorCode == "message_too_large")
                    try await eventually("the worker waits again") { try await world.isWaitingForJobs() }
                }
                #expect(try await world.waiter() == connection)
            }
        }
    }

    @Test("a worker without its Engine passes on the message that has woken it")
    func engineAway() async throws {
        try await WorkerWorld.with(lease: Self.lease) { world in
            let other = try await world.onAnotherEngine()
            try await world.withWorker("w1") { worker in
                try await eventually("the worker waits") { try await world.waitingCount() == 1 }
                try await other.withWorker("w2") { _ in
                    try await eventually("both wait") { try await world.waitingCount() == 2 }
                    await world.docker.setReachable(false)
                    try await eventually("the worker notices") { !worker.health.engineAnswers }
                    try await world.push(.start, "s1")
                    #expect(try await world.result("s1").fields["worker"] == "w2")
                }
            }
        }
    }

    @Test("an inbox of a wrong type stops its queue alone, is not asked again and again, and is used once it is gone")
    func wrongType() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(queues: ["other", "default"]) { _ in
                try await eventually("the worker waits") { try await world.waitingCount() == 2 }
                let inbox = RedisArgument.string(world.keys.inbox("default"))
                _ = try await world.client.send(RedisCommand("SET", inbox, "no list"))
                try await world.push(.stop, "t1")
                let other = RedisArgument.string(world.keys.queue("other"))
                let message = #"{"v":1,"id":"t2","kind":"stop","game_id":"g2"}"#
                _ = try await world.client.send(RedisCommand("LPUSH", other, .string(message)))
                _ = try await world.result("t2")
                let waits = try await world.calls(of: "blmove")
                #expect(waits < 20, "\(waits) waits")
                _ = try await world.client.send(RedisCommand("DEL", inbox))
                _ = try await world.result("t1")
            }
        }
    }
}

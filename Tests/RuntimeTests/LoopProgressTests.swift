import JobContract
import Redis
import RuntimeCore
import Support
import Testing

@testable import Runtime

@Suite("The progress of the consume loop")
struct LoopProgressTests {
    private func at(_ seconds: Int) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: 0).advanced(by: .seconds(seconds))
    }

    private var joined: LoopProgress {
        var progress = LoopProgress()
        progress.joined()
        return progress
    }

    @Test("a worker is not ready before it is registered, and gives the reason; registering again is no problem")
    func joining() {
        var progress = LoopProgress()
        #expect(progress.problem(now: at(0)) == "the worker has not joined yet")
        progress.couldNotJoin("newer data")
        #expect(progress.problem(now: at(0)) == "the worker has not joined yet: newer data")
        progress.joined()
        #expect(progress.problem(now: at(0)) == nil)
        progress.couldNotJoin("later")
        #expect(progress.problem(now: at(0)) == nil)
    }

    @Test("a loop without work has progress, however long")
    func idle() {
        var progress = joined
        progress.begins(now: at(0))
        progress.succeeded()
        #expect(progress.problem(now: at(1_000_000)) == nil)
    }

    @Test("rounds that fail for a while are reported with the reason, until one succeeds")
    func failing() {
        var progress = joined
        for second in 0...3 {
            progress.begins(now: at(second))
            progress.failed("WRONGTYPE \(second)", now: at(second))
        }
        #expect(progress.problem(now: at(1)) == nil)
        #expect(progress.problem(now: at(3)) == "taking jobs has failed for 3 s: WRONGTYPE 3")
        progress.begins(now: at(4))
        #expect(progress.problem(now: at(4)) != nil)
        progress.succeeded()
        #expect(progress.problem(now: at(4)) == nil)
        progress.failed("again", now: at(10))
        #expect(progress.problem(now: at(11)) == nil)
    }

    @Test("a round that does not end is reported")
    func stuck() {
        var progress = joined
        progress.begins(now: at(0))
        #expect(progress.problem(now: at(14)) == nil)
        #expect(progress.problem(now: at(15)) == "a round over the queues has not ended for 15 s")
    }
}

@Suite("The health of a worker with a fake Docker Engine and a real Redis", .timeLimit(.minutes(1)))
struct WorkerHealthTests {
    @Test("failing rounds make the worker not ready, even if Redis answers other commands; it recovers")
    func failingRounds() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { worker in
                try await eventually("the worker to be ready", until: { $0 == nil }) { worker.health.loopProblem }
                // Every script of the loop comes to the sorted set of starts that are ready.
                let key = RedisArgument.string("{rtm}:ready:start:default")
                _ = try await world.client.send(RedisCommand("SET", key, "x"))
                try await world.push(.start, "s1")
                try await eventually("the worker not to be ready", until: { $0 != nil }) { worker.health.loopProblem }
                #expect(worker.health.loopProblem?.contains("WRONGTYPE") == true)
                #expect(worker.health.sinceProgress < .seconds(5) && worker.health.engineAnswers)
                _ = try await world.client.send(RedisCommand("DEL", key))
                try await eventually("the worker to be ready again", until: { $0 == nil }) { worker.health.loopProblem }
            }
        }
    }

    @Test("a worker without its network is not ready and says what to do, until the network exists")
    func missingNetwork() async throws {
        try await WorkerWorld.with { world in
            await world.docker.removeNetwork("galaxy-net")
            try await world.withWorker { worker in
                try await eventually("the worker to miss the network", until: { $0 != nil }) {
                    worker.health.networkProblem
                }
                #expect(worker.health.networkProblem?.contains("docker network create galaxy-net") == true)
                await world.docker.addNetwork("galaxy-net")
                try await eventually("the worker to see the network", within: .seconds(10), until: { $0 == nil }) {
                    worker.health.networkProblem
                }
            }
        }
    }
}

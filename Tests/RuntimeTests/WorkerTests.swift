import Primitives
import DockerPort
import JobContract
import Redis
import Runtime
import RuntimeCore
import Support
import Testing

@Suite("A worker with a fake Docker Engine and a real Redis", .timeLimit(.minutes(2)))
struct WorkerTests {
    @Test("runs a game from start to removal, and publishes each step once")
    func lifecycle() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                try await world.push(.start, "s2")
                #expect(try await world.result("s2").effect == .alreadyRunning)
                try await world.push(.stop, "t1")
                #expect(try await world.result("t1").effect == .stopped)
                try await world.push(.stop, "t2")
                #expect(try await world.result("t2").effect == .alreadyStopped)
                try await world.push(.remove, "r1")
                #expect(try await world.result("r1").effect == .removed)
                try await world.push(.remove, "r2")
                #expect(try await world.result("r2").effect == .alreadyAbsent)
                try await eventually("all events", until: { $0.count == 3 }) { try await world.events() }
            }
            let events = try await world.events()
            #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
            #expect(
                events[1]["reason"] == "stopped" && events.allSatisfy { $0["job_id"] == "s1" && $0["node"] == "n1" }
            )
            #expect(try await world.results().count == 6)
        }
    }

    @Test("claims a single job once, without a second search after the wake-up")
    func waitsOnce() async throws {
        let jobs = 20
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await eventually("the worker to wait for jobs") { try await world.isWaitingForJobs() }
                let before = try await world.calls(of: "blmove")
                for number in 0..<jobs {
                    // Whoever rings lets the worker look at its queue, and see once more that it is empty.
                    let calls = try await world.calls(of: "fcall")
                    _ = try await world.client.send(RedisCommand("LPUSH", .string(world.keys.doorbell("w1")), "work"))
                    try await eventually("the worker to ask for jobs", until: { $0 >= calls + 2 }) {
                        try await world.calls(of: "fcall")
                    }
                    try await world.push(.stop, "t\(number)")
                    _ = try await world.result("t\(number)")
                    try await eventually("the worker to wait again") { try await world.isWaitingForJobs() }
                }
                // Redis counts a wait when it begins; a tick between two jobs may come in the way of some.
                let waits = try await world.calls(of: "blmove") - before
                #expect((jobs...jobs * 3 / 2).contains(waits), "\(waits) waits for \(jobs) jobs")
            }
        }
    }

    @Test("stops claiming jobs during an outage of Docker, and uses up no attempt")
    func engineOutage() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { worker in
                await world.docker.setReachable(false)
                try await world.push(.start, "s1")
                try await eventually("the worker to notice") { !worker.health.engineAnswers }
                await world.docker.setReachable(true)
                let result = try await world.result("s1")
                #expect(result.effect == .started && result.fields["attempts"] == "1")
            }
        }
    }

    @Test("retries transient failures and no others")
    func retries() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let passing = DockerError(.timeout, operation: "run", message: "too slow", retryable: true)
                await world.docker.fail(.run, with: passing, times: 2)
                try await world.push(.start, "s1")
                let result = try await world.result("s1")
                #expect(result.effect == .started && result.fields["attempts"] == "3")
                await world.docker.fail(.run, with: passing, times: 2)
                try await world.push(.start, "s2", game: "g2", more: #","max_attempts":2"#)
                #expect(try await world.result("s2").errorCode == "timeout")
                let absent = #"{"v":1,"id":"s3","kind":"start","game_id":"g3","image":"none:1","pull_policy":"never"}"#
                try await world.push(absent)
                #expect(try await world.result("s3").errorCode == "image_not_found")
            }
        }
    }

    @Test("leaves nothing running of an abandoned start, although its answer was lost")
    func givenUp() async throws {
        try await WorkerWorld.with { world in
            let lost = DockerError(
                .timeout,
                operation: "run",
                message: "no answer",
                retryable: true,
                mayHaveHappened: true
            )
            await world.docker.fail(.run, with: lost, takesEffect: true)
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: #","max_attempts":1"#)
                let result = try await world.result("s1")
                #expect(result.outcome == .failed && result.errorCode == "timeout")
                #expect(await world.docker.containersByName.isEmpty)
                #expect(try await !world.holdsRoom("g1"))
            }
        }
    }

    @Test("releases a job that outlasts the drain time without using up an attempt, and another continues")
    func drain() async throws {
        try await WorkerWorld.with { world in
            await world.docker.delay(.run, by: .seconds(60))
            try await world.withWorker("w1", drain: .milliseconds(50)) { _ in
                try await world.push(.start, "s1")
                try await eventually("the job to run", until: { $0 == "running" }) { try await world.state("s1") }
            }
            #expect(try await world.state("s1") == "waiting")
            #expect(try await world.attempts("s1") == 0)
            await world.docker.delay(.run, by: nil)
            try await world.withWorker("w2") { _ in
                let result = try await world.result("s1", within: .seconds(5))
                #expect(result.effect == .started && result.fields["attempts"] == "1")
            }
        }
    }

    @Test("cancels a start in progress for a stop")
    func cancellation() async throws {
        try await WorkerWorld.with { world in
            await world.docker.delay(.run, by: .seconds(60))
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                try await eventually("the job to run", until: { $0 == "running" }) { try await world.state("s1") }
                try await world.push(.stop, "t1")
                #expect(try await world.result("s1", within: .seconds(2)).outcome == .superseded)
                #expect(try await world.result("t1").effect == .alreadyAbsent)
            }
        }
    }

    @Test("leaves nothing running of a start that killed three workers, and publishes it as poisoned")
    func poisoned() async throws {
        try await WorkerWorld.with { world in
            try await world.poison("s1", more: #","max_attempts":1"#)
            #expect(try await world.results().isEmpty)
            await world.docker.delay(.stop, by: .milliseconds(300))
            try await world.withWorker { _ in
                try await eventually("the job to be undone", until: { $0 == "running" }) { try await world.state("s1") }
                try await world.push(.stop, "t1")
                let result = try await world.result("s1")
                #expect(result.outcome == .failed && result.errorCode == "poisoned")
                #expect(result.fields["error"] == "its worker died 3 times while it ran; it is not tried again")
                #expect(await world.docker.containersByName.isEmpty)
                #expect(try await world.result("t1").effect == .alreadyAbsent)
                #expect(try await !world.holdsRoom("g1"))
            }
        }
    }

    @Test("publishes a start that killed three workers as poisoned, even if undoing it fails")
    func poisonedAndHard() async throws {
        try await WorkerWorld.with { world in
            try await world.poison("s1", more: #","max_attempts":1"#)
            let passing = DockerError(.timeout, operation: "stop", message: "too slow", retryable: true)
            await world.docker.fail(.stop, with: passing, times: 2)
            try await world.withWorker { _ in
                let result = try await world.result("s1")
                #expect(result.errorCode == "poisoned" && result.fields["attempts"] == "4")
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    @Test("replaces the container in a restart; a failed restart changes nothing")
    func restart() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: #","env":{"A":"1"}"#)
                let first = try await world.result("s1")
                try await world.push(.restart, "r1", more: #","labels":{"b":"2"}"#)
                let second = try await world.result("r1")
                #expect(second.effect == .started && second.containerID != first.containerID)
                let spec = try #require(await world.docker.spec("galaxy-game-g1"))
                #expect(spec.env["A"] == "1" && spec.labels["b"] == "2" && spec.labels[GalaxyLabel.jobID] == "r1")
                try await world.push(.restart, "r2", more: #","image":"none:1","pull_policy":"never""#)
                #expect(try await world.result("r2").errorCode == "image_not_found")
                #expect(try await world.holdsRoom("g1"))
                #expect(await world.docker.containersByName["galaxy-game-g1"]?.id == second.containerID)
                // What now runs is what the restart made of the start, so a start of the same changes nothing.
                try await world.push(.start, "s2", more: #","env":{"A":"1"},"labels":{"b":"2"}"#)
                #expect(try await world.result("s2").effect == .alreadyRunning)
                try await world.push(.restart, "r3", game: "never")
                #expect(try await world.result("r3").errorCode == "container_not_found")
                #expect(try await world.holdsRoom("never") == false)
                try await eventually("all events", until: { $0.count == 4 }) { try await world.events() }
            }
            #expect(try await world.events().map { $0["event"] } == ["started", "exited", "removed", "started"])
        }
    }

    @Test("continues after Redis was killed and restarted, and loses nothing")
    func redisRestart() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                await world.redis.kill9()
                try await world.redis.restart()
                try await world.push(.start, "s2", game: "g2")
                #expect(try await world.result("s2", within: .seconds(5)).effect == .started)
            }
        }
    }

    @Test("publishes no events of other namespaces and other containers")
    func foreignContainers() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let spec = RunSpec(
                    name: "somebody",
                    image: "engine:1",
                    hostname: "somebody",
                    network: "galaxy-net",
                    labels: [GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: "another"],
                    logDriver: "none",
                    cpuQuota: 1,
                    memory: "64m",
                    pidsLimit: 10
                )
                _ = try await world.docker.run(spec)
                try await world.push(.start, "s1")
                try await eventually("our own start", until: { $0.count == 1 }) { try await world.events() }
            }
            #expect(try await world.events().map { $0["game_id"] } == ["g1"])
        }
    }
}

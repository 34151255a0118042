import DockerPort
import JobContract
import Redis
import Runtime
import RuntimeCore
import Testing

@testable import Support

@Suite("Docker's errors during a job", .timeLimit(.minutes(1)))
struct DockerFailureTests {
    @Test("a transient failure is retried, also if the process could not be started")
    func busy() async throws {
        try await WorkerWorld.with { world in
            await world.docker.refuse(.run, status: 500)
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                let result = try await world.result("s1")
                #expect(result.effect == .started)
                #expect(result.fields["attempts"] == "2")
            }
        }
    }

    @Test("a permanent failure ends the job at once, as does a transient one of the last attempt")
    func permanent() async throws {
        try await WorkerWorld.with { world in
            await world.docker.refuse(.run, status: 400)
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                let result = try await world.result("s1")
                #expect(result.errorCode == "start_failed" && result.fields["attempts"] == "1")
                await world.docker.refuse(.run, status: 500, times: 20)
                try await world.push(.start, "s2", more: #","max_attempts":3"#)
                let second = try await world.result("s2")
                #expect(second.errorCode == "start_failed" && second.fields["attempts"] == "3")
            }
        }
    }

    /// A worker has died during the start, and the Docker Engine may still start its container.
    @Test("a failed attempt keeps the reservation while a container of the game may still start")
    func lateStart() async throws {
        try await WorkerWorld.with { world in
            _ = await world.docker.make(WorkerWorld.spec(game: "g1"))
            await world.docker.refuse(.inspectImage, status: 500)
            try await world.withWorker(retries: RetryPolicy(base: .seconds(60))) { _ in
                try await world.push(.start, "s1")
                try await eventually("the end of the attempt", until: { $0 == "retrying" }) {
                    try await world.state("s1")
                }
                #expect(try await world.holdsRoom("g1"))
            }
        }
    }

    @Test("a Docker Engine that stands still is an outage: the job is given back, and ends when it goes on")
    func standstill() async throws {
        try await WorkerWorld.with { world in
            let silence = DockerError(.timeout, operation: "inspectImage", message: "no answer", retryable: true)
            try await world.withWorker { _ in
                // The next regular ping comes seconds later.
                try await eventually("the first ping", until: { $0 == 1 }) { await world.docker.calls[.ping] }
                await world.docker.fail(.inspectImage, with: silence)
                await world.docker.fail(.ping, with: silence, times: 2)
                try await world.push(.start, "s1", more: #","max_attempts":1"#)
                let result = try await world.result("s1")
                #expect(result.effect == .started, "\(result)")
            }
        }
    }

    @Test("a worker that ends before it has removed a failed start's container gives the job back")
    func endsDuringRemoval() async throws {
        try await WorkerWorld.with { world in
            let lost = DockerError(.timeout, operation: "run", message: "no answer", retryable: true)
            await world.docker.fail(.run, with: lost, takesEffect: true)
            await world.docker.delay(.stop, by: .seconds(60))
            try await world.withWorker(drain: .milliseconds(50)) { _ in
                try await world.push(.start, "s1", more: #","max_attempts":1"#)
                try await eventually("the removal", until: { $0 == 1 }) { await world.docker.calls[.stop] }
            }
            #expect(try await world.results().isEmpty)
            #expect(await world.docker.containersByName.count == 1)
            await world.docker.delay(.stop, by: nil)
            try await world.withWorker("w2") { _ in
                let result = try await world.result("s1")
                #expect(result.effect == .started)
            }
        }
    }

    @Test("a stop removes a container that has never run, since the Docker Engine may still start it")
    func stopBeforeStart() async throws {
        try await WorkerWorld.with { world in
            _ = await world.docker.make(WorkerWorld.spec(game: "g1"))
            try await world.withWorker { _ in
                try await world.push(.stop, "x1")
                #expect(try await world.result("x1").effect == .alreadyAbsent)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    @Test("status 503 or a broken connection is no outage: the job fails, and others continue")
    func unavailable() async throws {
        try await WorkerWorld.with { world in
            for (id, status) in [("s1" as JobID, 503), ("s2", nil)] {
                let broken = DockerError(.unavailable, operation: "run", message: "no answer", retryable: true)
                if let status {
                    await world.docker.refuse(.run, status: status, times: 3)
                } else {
                    await world.docker.fail(.run, with: broken, times: 3)
                }
                // The pauses of a worker that takes its Engine for lost would add up to seconds.
                try await world.withWorker { worker in
                    try await world.push(.start, id, more: #","max_attempts":3"#)
                    let result = try await world.result(id)
                    #expect(result.errorCode == "docker_unavailable" && result.fields["attempts"] == "3")
                    #expect(worker.health.engineAnswers)
                    try await world.push(.start, "after-\(id)", game: "after-\(id)")
                    #expect(try await world.result("after-\(id)", within: .seconds(2)).effect == .started)
                }
            }
        }
    }

    @Test("an image with frequent health checks gets a slower check in its container")
    func slowedHealthcheck() async throws {
        try await WorkerWorld.with { world in
            var image = FakeDocker.Image("engine:1", hasHealthcheck: true)
            image.slowedHealthcheck = Healthcheck(test: ["CMD", "x"], interval: .seconds(1), retries: 4)
            await world.docker.addImage(image)
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
            }
            #expect(await world.docker.spec("galaxy-game-g1")?.healthcheck == image.slowedHealthcheck)
        }
    }

    @Test("a result never has the registry's text about a pull")
    func foreignWords() async throws {
        try await WorkerWorld.with { world in
            let error = DockerError(
                .pullFailed,
                operation: "pullImage",
                message: "pull: the registry's answer was not understood",
                detail: "the secret of 10.0.0.7"
            )
            await world.docker.fail(.pullImage, with: error)
            let log = LogRecord()
            try await world.withWorker(logger: log.logger()) { _ in
                try await world.push(.start, "s1", more: #","pull_policy":"always""#)
                let result = try await world.result("s1")
                #expect(result.errorCode == "image_pull_failed")
                #expect(result.error == "pull: the registry's answer was not understood")
            }
            let dead = try await world.client.send(RedisCommand("XRANGE", .string(world.keys.dead), "-", "+"))
            #expect(!"\(dead)".contains("secret"))
            #expect(log.lines.contains { $0.contains("the secret of 10.0.0.7") })
        }
    }
}

@Suite("A restart before it stops the game", .timeLimit(.minutes(1)))
struct RestartNetworkTests {
    @Test("checks the network again, since the pull may have taken long")
    func network() async throws {
        try await WorkerWorld.with { world in
            await world.docker.addToRegistry(FakeDocker.Image("engine:2"))
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                let id = try await world.result("s1").containerID
                await world.docker.delay(.pullImage, by: .seconds(1))
                try await world.push(.restart, "r1", more: #","image":"engine:2""#)
                try await eventually("the pull", until: { $0 == 1 }) { await world.docker.calls[.pullImage] }
                await world.docker.removeNetwork("galaxy-net")
                #expect(try await world.result("r1").errorCode == "network_missing")
                let container = try await world.docker.inspectContainer("galaxy-game-g1")
                #expect(container.isRunning && container.id == id)
            }
        }
    }
}

@Suite("A start with a settle time", .timeLimit(.minutes(1)))
struct SettleTests {
    @Test("succeeds when the process has run that long")
    func runs() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(startSettle: .milliseconds(600)) { _ in
                let begin = ContinuousClock.now
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                #expect(ContinuousClock.now - begin >= .milliseconds(600))
            }
        }
    }

    @Test("fails with the exit code if the process exits earlier, without a retry, and keeps the container")
    func ends() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(startSettle: .seconds(30)) { _ in
                try await world.push(.start, "s1")
                try await eventually("the container", until: { $0.count == 1 }) { await world.docker.containersByName }
                await world.docker.exit(container: "galaxy-game-g1", code: 127)
                let result = try await world.result("s1")
                #expect(result.errorCode == "start_failed" && result.fields["attempts"] == "1")
                #expect(result.error?.contains("exit code 127 (there is no such command in the image)") == true)
                let container = try await world.docker.inspectContainer("galaxy-game-g1")
                #expect(result.containerID == container.id && result.fields["container_name"] == "galaxy-game-g1")
                #expect(container.status == "exited")
            }
        }
    }

    @Test("is superseded by a stop, and leaves nothing behind")
    func superseded() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(startSettle: .seconds(30)) { _ in
                try await world.push(.start, "s1")
                try await eventually("the container", until: { $0.count == 1 }) { await world.docker.containersByName }
                try await world.push(.stop, "x1")
                #expect(try await world.result("s1").outcome == .superseded)
                #expect(try await world.result("x1").outcome == .succeeded)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }
}

import DockerPort
import Primitives
import Support
import Testing

@testable import DockerEngine

@Suite("A Docker Engine that fails")
struct DockerFaultTests {
    private func with(
        deadlines: DockerEngine.Deadlines = .init(),
        _ body: (DockerEngine, PrivateDocker, RunSpec) async throws -> Void
    ) async throws {
        try await PrivateDocker.with { docker in
            try await TestImage.make("idle:1", on: docker.engine)
            try await docker.engine.docker("network", "create", "games")
            var configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": docker.engine.host])
            configuration.deadlines = deadlines
            var spec = Samples.spec()
            spec.image = "idle:1"
            spec.network = "games"
            try await DockerEngine.withEngine(configuration: configuration) { try await body($0, docker, spec) }
        }
    }

    /// What a subscription ended with.
    private func ending(_ events: DockerEvents) async -> DockerError? {
        await dockerFailure { for try await _ in events {} }
    }

    @Test(
        "a killed one is out of reach, ends subscriptions, and is used again after its return",
        .timeLimit(.minutes(3))
    )
    func killed() async throws {
        try await with { engine, docker, spec in
            let id = try await engine.run(spec).containerID
            let events = try await engine.eventsListen(since: nil)
            try await docker.kill9()
            #expect(await ending(events)?.code == .unavailable)
            let inspect = await dockerFailure { try await engine.inspectContainer(id.text) }
            #expect(inspect?.code == .unavailable)
            #expect(inspect?.retryable == true)
            var other = spec
            other.name += "-2"
            let run = await dockerFailure { try await engine.run(other) }
            #expect(run?.code == .unavailable)
            #expect(run?.mayHaveHappened == false)
            try await docker.start()
            // Without live-restore an Engine that comes back ends what ran.
            #expect(try await engine.inspectContainer(id.text).status == "exited")
            try await engine.remove(id.text)
            _ = try await engine.run(spec)
        }
    }

    @Test("a stopped one has ended its containers", .timeLimit(.minutes(3)))
    func stopped() async throws {
        try await with { engine, docker, spec in
            let id = try await engine.run(spec).containerID
            let events = try await engine.eventsListen(since: nil)
            try await docker.stop()
            #expect(await ending(events)?.code == .unavailable)
            #expect(await dockerFailure { try await engine.ping() }?.code == .unavailable)
            try await docker.start()
            let inspect = try await engine.inspectContainer(id.text)
            #expect(inspect.status == "exited")
            #expect(inspect.exitCode == 143)
        }
    }

    @Test("a frozen one runs into deadlines, and the error says what may have happened", .timeLimit(.minutes(3)))
    func frozen() async throws {
        var deadlines = DockerEngine.Deadlines()
        deadlines.ping = .seconds(1)
        deadlines.inspect = .seconds(1)
        deadlines.create = .seconds(1)
        deadlines.cleanup = .seconds(2)
        try await with(deadlines: deadlines) { engine, docker, spec in
            try await engine.ping()
            _ = try await engine.info()
            docker.suspend()
            #expect(await dockerFailure { try await engine.ping() }?.code == .timeout)
            let run = await dockerFailure { try await engine.run(spec) }
            #expect(run?.code == .timeout)
            #expect(run?.mayHaveHappened == true)
            docker.resume()
            // The Engine carries out what it was sent while it stood still.
            try await eventually("the container", until: { $0 == nil }) {
                await dockerFailure { try await engine.inspectContainer(spec.name) }
            }
            #expect(try await engine.inspectContainer(spec.name).status == "created")
            try await engine.remove(spec.name)
        }
    }

    @Test("a late answer to a create request leaves no container behind", .timeLimit(.minutes(3)))
    func frozenForAMoment() async throws {
        var deadlines = DockerEngine.Deadlines()
        deadlines.create = .seconds(1)
        deadlines.inspect = .seconds(1)
        deadlines.cleanup = .seconds(20)
        try await with(deadlines: deadlines) { engine, docker, spec in
            _ = try await engine.info()
            docker.suspend()
            async let failure = dockerFailure { try await engine.run(spec) }
            try await pause(.seconds(2), because: "the freeze must outlast the deadlines of the create request")
            docker.resume()
            let error = await failure
            #expect(error?.code == .timeout)
            #expect(error?.mayHaveHappened == false)
            #expect(await dockerFailure { try await engine.inspectContainer(spec.name) }?.code == .containerNotFound)
        }
    }
}

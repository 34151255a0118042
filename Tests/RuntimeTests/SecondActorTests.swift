import DockerPort
import JobContract
import Primitives
import Redis
import Runtime
import RuntimeCore
import Support
import Testing

/// Jobs that meet the container of another job, and are cancelled there.
@Suite("A start that finds the game of another job", .timeLimit(.minutes(2)))
struct SecondActorTests {
    private static let waits = #","ready_timeout_seconds":600"#

    /// Starts the game with `s1`, and lets `s2` wait for the game engine, which never answers.
    private func withWaitingStart(
        _ world: WorkerWorld,
        drain: Duration = .seconds(5),
        _ body: @Sendable (_ containerID: ContainerID) async throws -> Void
    ) async throws {
        let port = try FreePort.find()
        await world.docker.addImage(FakeDocker.Image("engine:1", labels: ["com.galaxy.port": "\(port)"]))
        try await world.withWorker(drain: drain) { _ in
            try await world.push(.start, "s1")
            let id = try #require(try await world.result("s1").containerID)
            try await world.push(.start, "s2", more: Self.waits)
            try await eventually("the wait") {
                let command = RedisCommand("HGET", .string(world.keys.job("s2")), .string(JobProgress.field))
                let shown = try await world.client.send(command).string
                return shown.flatMap(JobProgress.init(encoded:)) == JobProgress(.waitingForReady)
            }
            try await body(id)
        }
    }

    @Test("leaves the game as it is, if a stop cancels the wait: the stop ends the game")
    func stopped() async throws {
        try await WorkerWorld.with { world in
            try await withWaitingStart(world) { id in
                try await world.push(.stop, "t1")
                #expect(try await world.result("s2").outcome == .superseded)
                let stop = try await world.result("t1")
                #expect(stop.effect == .stopped)
                #expect(stop.containerID == id)
                let container = try await world.docker.inspectContainer(id.text)
                #expect(container.status == "exited")
            }
        }
    }

    @Test("leaves the game as it is, if the worker ends meanwhile")
    func drained() async throws {
        try await WorkerWorld.with { world in
            try await withWaitingStart(world, drain: .milliseconds(50)) { _ in }
            #expect(try await world.state("s2") == "waiting")
            let containers = await world.docker.containersByName
            #expect(containers["galaxy-game-g1"]?.isRunning == true)
            let changes = await world.docker.changes
            #expect(changes.map { if case .run = $0 { true } else { false } } == [true])
        }
    }

    @Test("has no settle time: the process of the game has run before")
    func settleTime() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker("w1") { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
            }
            try await world.withWorker("w2", startSettle: .seconds(60)) { _ in
                try await world.push(.start, "s2")
                #expect(try await world.result("s2", within: .seconds(5)).effect == .alreadyRunning)
            }
        }
    }

    @Test("keeps its request as the record of the game, for later restarts")
    func record() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: #","env":{"A":"1"}"#)
                #expect(try await world.result("s1").effect == .started)
                _ = try await world.client.send(RedisCommand("DEL", "{rtm}:spec:g1"))
                try await world.push(.start, "s2", more: #","env":{"A":"1"}"#)
                #expect(try await world.result("s2").effect == .alreadyRunning)
                try await world.push(.restart, "r1")
                #expect(try await world.result("r1").effect == .started)
            }
            let spec = await world.docker.spec("galaxy-game-g1")
            #expect(spec?.env["A"] == "1")
        }
    }
}

@Suite("Before a restart stops a game, its image", .timeLimit(.minutes(1)))
struct RestartImageTests {
    /// Restarts a running game, and changes the images between the restart's first look and the stop.
    private func restart(
        _ change: @escaping @Sendable (FakeDocker) async -> Void,
        _ check: @escaping @Sendable (_ result: JobResult, _ containerID: ContainerID, WorkerWorld) async throws -> Void
    ) async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                let id = try #require(try await world.result("s1").containerID)
                let looks = await world.docker.calls[.inspectImage, default: 0]
                await world.docker.delay(.list, by: .milliseconds(500))
                try await world.push(.restart, "r1", more: #","pull_policy":"never""#)
                try await eventually("the first look") {
                    await world.docker.calls[.inspectImage, default: 0] > looks
                }
                await change(world.docker)
                try await check(try await world.result("r1"), id, world)
            }
        }
    }

    @Test("is compared once more: with another image of the name, nothing is stopped before the next look")
    func changed() async throws {
        try await restart({ await $0.addImage(FakeDocker.Image("engine:1", build: 2)) }) { result, id, world in
            #expect(result.effect == .started)
            #expect(result.containerID != id)
            let runs = await world.docker.changes.count { if case .run = $0 { true } else { false } }
            // The first start, and a single try of the restart.
            #expect(runs == 2)
        }
    }

    @Test("is looked for once more: without an image, the game goes on")
    func removed() async throws {
        try await restart({ await $0.removeImage("engine:1") }) { result, id, world in
            #expect(result.errorCode == "image_not_found")
            let container = try await world.docker.inspectContainer(id.text)
            #expect(container.isRunning)
        }
    }
}

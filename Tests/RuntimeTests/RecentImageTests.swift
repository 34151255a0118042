import Primitives
import DockerPort
import JobContract
import Support
import Testing

@Suite("Starts with a cached image", .timeLimit(.minutes(1)))
struct RecentImageTests {
    private typealias Image = FakeDocker.Image

    @Test("inspect an image once for many starts")
    func once() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                for number in 1...5 {
                    try await world.push(.start, "s\(number)", game: "g\(number)")
                    #expect(try await world.result("s\(number)").effect == .started)
                }
            }
            #expect(await world.docker.calls[.inspectImage] == 1)
        }
    }

    @Test("inspect the image for each job with a pull or a restart")
    func always() async throws {
        try await WorkerWorld.with { world in
            await world.docker.addToRegistry(Image("engine:1"))
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                try await world.push(.restart, "s2")
                #expect(try await world.result("s2").outcome == .succeeded)
                // Once before anything is pulled, and once right before the game is stopped.
                #expect(await world.docker.calls[.inspectImage] == 3)
                try await world.push(.start, "s3", game: "g2", more: #","pull_policy":"always""#)
                #expect(try await world.result("s3").effect == .started)
                #expect(await world.docker.calls[.inspectImage] == 4)
            }
        }
    }

    /// Starts a game, puts another image in the place of the first, and starts another game.
    private func second(
        first: Image = Image("engine:1"),
        _ more: String = "",
        change: @Sendable (FakeDocker) async -> Void,
        _ body: @Sendable (JobResult, WorkerWorld) async throws -> Void
    ) async throws {
        try await WorkerWorld.with { world in
            await world.docker.addImage(first)
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                _ = try await world.result("s1")
                await change(world.docker)
                try await world.push(.start, "s2", game: "g2", more: more)
                try await body(try await world.result("s2"), world)
            }
        }
    }

    @Test("start the image that the reference names now, with its labels")
    func replaced() async throws {
        try await second(
            change: { await $0.addImage(Image("engine:1", labels: ["com.galaxy.port": "9000"], build: 2)) },
            { result, world in
                #expect(result.effect == .started)
                #expect(result.engineEndpoint == "http://galaxy-game-g2:9000")
                let container = try await world.docker.inspectContainer("galaxy-game-g2")
                let image = try await world.docker.inspectImage("engine:1")
                let results = try await world.results()
                #expect(container.imageID == image.id && results.count == 2)
            }
        )
    }

    @Test("pull an image that was deleted meanwhile")
    func pulled() async throws {
        try await second(
            change: {
                await $0.removeImage("engine:1")
                await $0.addToRegistry(Image("engine:1", build: 3))
            },
            { result, _ in #expect(result.effect == .started) }
        )
    }

    @Test("fail if the image was deleted and must not be pulled")
    func missing() async throws {
        try await second(
            #","pull_policy":"never""#,
            change: { await $0.removeImage("engine:1") },
            { result, _ in #expect(result.errorCode == "image_not_found") }
        )
    }

    @Test("use a corrected label")
    func corrected() async throws {
        try await second(
            first: Image("engine:1", labels: ["com.galaxy.port": "none"]),
            change: { await $0.addImage(Image("engine:1", build: 2)) },
            { result, world in
                #expect(result.effect == .started)
                let first = try await world.result("s1")
                #expect(first.errorCode == "invalid_spec")
            }
        )
    }

    @Test("fail if the image is unchanged after a second inspection")
    func same() async throws {
        try await second(
            first: Image("engine:1", labels: ["com.galaxy.port": "none"]),
            change: { _ in },
            { result, world in
                #expect(result.errorCode == "invalid_spec")
                #expect(await world.docker.calls[.inspectImage] == 3)
            }
        )
    }

    @Test("inspect again if the tag moves between inspection and create", arguments: [false, true])
    func moved(isRestart: Bool) async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                if isRestart {
                    try await world.push(.start, "s1")
                    _ = try await world.result("s1")
                }
                let runs = await world.docker.calls[.run, default: 0]
                await world.docker.delay(.run, by: .milliseconds(500))
                try await world.push(isRestart ? .restart : .start, "s2")
                try await eventually("the run", until: { $0 > runs }) { await world.docker.calls[.run, default: 0] }
                await world.docker.addImage(Image("engine:1", labels: ["com.galaxy.port": "9000"], build: 2))
                let result = try await world.result("s2")
                #expect(result.outcome == .succeeded)
                #expect(result.engineEndpoint == "http://galaxy-game-g1:9000")
                #expect(await world.docker.calls[.run] == runs + 2)
            }
        }
    }
}

import Primitives
import DockerPort
import JobContract
import Redis
import Runtime
import RuntimeCore
import Support
import Testing

@Suite("The janitor with a fake Docker Engine and a real Redis", .timeLimit(.minutes(2)))
struct JanitorServiceTests {
    @Test(
        "removes containers after the grace time, and nothing of another namespace",
        arguments: [JanitorMode.dryRun, .report, .remove]
    )
    func modes(_ mode: JanitorMode) async throws {
        try await WorkerWorld.with { world in
            let made = await world.docker.addForeignContainer(WorkerWorld.spec(game: "made"), running: false)
            let foreign = await world.docker.addForeignContainer(
                WorkerWorld.spec(game: "foreign", namespace: "other"),
                running: false
            )
            try await world.withWorker(janitor: mode) { _ in
                try await world.push(.start, "s1")
                let game = try #require(try await world.result("s1").containerID)
                // The worker has announced its games by now. Nobody has announced this game.
                let stray = await world.docker.addForeignContainer(WorkerWorld.spec(game: "stray"))
                func ids() async -> Set<ContainerID> { Set(await world.docker.containersByName.values.map(\.id)) }
                var left: Set<ContainerID> = [foreign, game]
                if mode != .remove { left.insert(stray) }
                if mode == .dryRun { left.insert(made) }
                let lists = await world.docker.calls[.list] ?? 0
                try await eventually("several passes of the janitor", until: { $0 > lists + 4 }) {
                    await world.docker.calls[.list] ?? 0
                }
                try await eventually("only what is left", until: { $0 == left }) { await ids() }
            }
        }
    }
}

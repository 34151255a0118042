import DockerPort
import JobContract
import JobQueue
import Primitives
import Redis
import RuntimeCore
import Support
import Synchronization
import Testing

@testable import Runtime

extension WorkerWorld {
    /// The protocol for a worker of the node, without the worker.
    func queue(_ name: String = "w1") -> JobQueue {
        JobQueue(
            redis: client,
            keys: keys,
            worker: WorkerIdentity(id: name, node: "n1", nonce: name),
            options: JobQueueOptions(lease: lease)
        )
    }
}

/// Somebody may act between the janitor's list and the janitor's removal.
@Suite("The janitor and others", .timeLimit(.minutes(1)))
struct JanitorRaceTests {
    /// Runs the janitor for the time of `body`.
    private func withJanitor(
        _ world: WorkerWorld,
        kept: Int = 100,
        announce: @escaping @Sendable () -> Void = {},
        _ body: () async throws -> Void
    ) async throws {
        let queue = world.queue()
        let janitor = JanitorService(
            queue: queue,
            docker: world.docker,
            ownership: ContainerOwnership(docker: world.docker, queue: queue, namespace: "rtm"),
            mode: .remove,
            grace: .milliseconds(500),
            kept: kept,
            logger: .silent,
            announce: announce
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await janitor.run() }
            try await body()
            tasks.cancelAll()
        }
    }

    private func inspections(_ world: WorkerWorld) async -> Int {
        await world.docker.calls[.inspectContainer, default: 0]
    }

    /// Returns the ids of all containers.
    private func containers(_ world: WorkerWorld) async -> Set<ContainerID> {
        Set(await world.docker.containersByName.values.map(\.id))
    }

    @Test("a container that never ran goes after the grace time")
    func abandoned() async throws {
        try await WorkerWorld.with { world in
            await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"), running: false)
            try await withJanitor(world) {
                try await eventually("the removal") { await containers(world).isEmpty }
            }
        }
    }

    @Test(
        "a container is announced again if another node owns its game with another fence, and stays",
        arguments: [(9, true, true), (9, false, true), (3, true, true), (3, false, false), (5, true, false)]
    )
    func contested(fence: Int, isRunning: Bool, isAnnounced: Bool) async throws {
        try await WorkerWorld.with { world in
            var spec = WorkerWorld.spec(game: "g1")
            spec.labels[GalaxyLabel.fence] = "\(fence)"
            let id = await world.docker.addForeignContainer(spec)
            if !isRunning { await world.docker.exit(container: id.text, code: 0) }
            _ = try await world.client.send(RedisCommand("HSET", "{rtm}:owners", "g1", "n2"))
            _ = try await world.client.send(RedisCommand("HSET", "{rtm}:fences", "g1", "5"))
            let announced = Mutex(0)
            try await withJanitor(world, announce: { announced.withLock { $0 += 1 } }) {
                guard isAnnounced else {
                    return try await eventually("the removal") { await containers(world).isEmpty }
                }
                try await eventually("two rounds") { announced.withLock { $0 } > 1 }
            }
            #expect(announced.withLock { $0 > 0 } == isAnnounced)
            #expect(await containers(world).isEmpty != isAnnounced)
        }
    }

    @Test("a container that never ran, but has started since the list, stays")
    func startedMeanwhile() async throws {
        try await WorkerWorld.with { world in
            let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"), running: false)
            // Of a game with an owner, so that the running container is explained.
            _ = try await world.client.send(RedisCommand("HSET", "{rtm}:owners", "g1", "n1"))
            await world.docker.delay(.inspectContainer, by: .milliseconds(500))
            try await withJanitor(world) {
                // The first inspection finds whose container it is, the second comes right before the removal.
                try await eventually("the look before the removal") { await inspections(world) == 2 }
                await world.docker.start(container: id.text)
                let lists = await world.docker.calls[.list, default: 0]
                try await eventually("the next round") { await world.docker.calls[.list, default: 0] > lists }
            }
            let container = try await world.docker.inspectContainer(id.text)
            #expect(container.isRunning)
        }
    }

    /// Adds ended containers, the oldest first, each of a game of its own.
    private func addEnded(_ games: [GameID], _ world: WorkerWorld) async -> [String: ContainerID] {
        var ids: [String: ContainerID] = [:]
        for game in games {
            let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: game))
            await world.docker.exit(container: id.text, code: 0)
            _ = try? await world.client.send(RedisCommand("HSET", "{rtm}:owners", .string(game.text), "n1"))
            ids[game.text] = id
        }
        return ids
    }

    @Test("of the ended containers the latest stay, and the container of a game with a running job")
    func busy() async throws {
        try await WorkerWorld.with { world in
            let ids = await addEnded(["busy", "old", "new"], world)
            _ = try await world.client.send(
                RedisCommand("HSET", "{rtm}:lanes", "busy", #"{"state":"active","head":"j1","token":"t"}"#)
            )
            try await withJanitor(world, kept: 1) {
                try await eventually("the removal") { await !containers(world).contains(ids["old"] ?? "") }
            }
            #expect(await containers(world) == [ids["busy"] ?? "", ids["new"] ?? ""])
        }
    }

    @Test("the last run of a removed container is recorded, because the leader may not have published its start")
    func recorded() async throws {
        try await WorkerWorld.with { world in
            let ids = await addEnded(["old", "new"], world)
            let old = ids["old"]?.text ?? ""
            let started = try #require(try await world.docker.inspectContainer(old).startedAt)
            try await withJanitor(world, kept: 1) {
                try await eventually("the removal") { await containers(world).count == 1 }
            }
            let text = try await world.client.send(
                RedisCommand("HGET", .string(world.keys.started("n1")), .string(old))
            )
            let checkpoint = text.string.flatMap { Checkpoint(encoded: $0) }
            #expect(checkpoint?.startedAt == started && checkpoint?.identity.gameID == "old")
        }
    }

    @Test("an ended container that somebody has started since the list stays")
    func startedByHand() async throws {
        try await WorkerWorld.with { world in
            let ids = await addEnded(["old", "new"], world)
            await world.docker.delay(.inspectContainer, by: .milliseconds(300))
            try await withJanitor(world, kept: 1) {
                // Two inspections find whose containers they are, two find their ends, one comes before the removal.
                try await eventually("the look before the removal") { await inspections(world) == 5 }
                await world.docker.start(container: ids["old"]?.text ?? "")
                let lists = await world.docker.calls[.list, default: 0]
                try await eventually("the next round") { await world.docker.calls[.list, default: 0] > lists }
            }
            #expect(await containers(world) == Set(ids.values))
        }
    }
}

@Suite("Whose a container is, if its image is gone", .timeLimit(.minutes(1)))
struct GoneImageTests {
    @Test("stays open until an event of the container is published")
    func published() async throws {
        try await WorkerWorld.with { world in
            let queue = world.queue()
            let ownership = ContainerOwnership(docker: world.docker, queue: queue, namespace: "rtm")
            let id = try await world.docker.run(WorkerWorld.spec(game: "g1")).containerID
            await world.docker.removeImage("engine:1")
            #expect(try await ownership.ownedRows().isEmpty)
            #expect(ownership.verdicts(on: try await ownership.rows()) == [:])
            _ = try await world.client.send(
                RedisCommand("HSET", .string(world.keys.checkpoints("n1")), .string(id.text), "s")
            )
            #expect(try await ownership.ownedRows().map(\.id) == [id])
            #expect(ownership.verdicts(on: try await ownership.rows()) == [id: true])
        }
    }
}

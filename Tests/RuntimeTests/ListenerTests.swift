import Primitives
import DockerPort
import JobContract
import Redis
import Runtime
import RuntimeCore
import Models
import Support
import Testing

@Suite("The listener with a fake Docker Engine and a real Redis", .timeLimit(.minutes(2)))
struct ListenerTests {
    func kinds(_ world: WorkerWorld) async throws -> [String] {
        try await world.events().map { $0["event"] ?? "" }
    }

    func expect(_ kinds: [String], _ world: WorkerWorld) async throws {
        let last = try await eventually("the events \(kinds)", until: { $0.count >= kinds.count }) {
            try await self.kinds(world)
        }
        #expect(last == kinds)
    }

    @Test("publishes health and out-of-memory events in order, each change once")
    func healthAndOOM() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                await world.docker.setHealth(container: id.text, "healthy")
                try await expect(["started", "healthy"], world)
                await world.docker.setHealth(container: id.text, "healthy")
                await world.docker.setHealth(container: id.text, "unhealthy")
                try await expect(["started", "healthy", "unhealthy"], world)
                await world.docker.oom(container: id.text)
                try await expect(["started", "healthy", "unhealthy", "oom", "exited"], world)
                try await world.docker.remove(id.text)
                try await expect(["started", "healthy", "unhealthy", "oom", "exited", "removed"], world)
                let events = try await world.events()
                #expect(events[4]["reason"] == "oom_killed" && events[4]["oom_killed"] == "true")
                #expect(events[3]["action"] == "oom" && events[1]["action"] == "health_status: healthy")
                #expect(Checker.problems(events, complete: [id]) == [])
            }
        }
    }

    @Test("a leader that Redis has forgotten leads again, and publishes what was missed")
    func forgotten() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.leader("n1"))))
                await world.docker.exit(container: id.text, code: 7)
                try await expect(["started", "exited"], world)
            }
        }
    }

    @Test("a container with slow inspections delays no other, and its events stay in order")
    func slowInspection() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let slow = await world.docker.addForeignContainer(WorkerWorld.spec(game: "slow"))
                try await expect(["started"], world)
                // As a container that is being removed: the Engine locks it meanwhile.
                await world.docker.delayInspect(of: slow.text, by: .milliseconds(2_500))
                await world.docker.exit(container: slow.text, code: 7)
                let quick = await world.docker.addForeignContainer(WorkerWorld.spec(game: "quick"))
                try await expect(["started", "started"], world)
                await world.docker.exit(container: quick.text, code: 0)
                try await world.docker.remove(quick.text)
                try await expect(["started", "started", "exited", "removed"], world)
                await world.docker.delayInspect(of: slow.text, by: nil)
                try await world.docker.remove(slow.text)
                try await eventually("all events of both games", until: { $0.count == 6 }) { try await kinds(world) }
                let events = try await world.events()
                #expect(events.map { $0["game_id"] } == ["slow", "quick", "quick", "quick", "slow", "slow"])
                #expect(Checker.problems(events, complete: [slow, quick]) == [])
            }
        }
    }

    @Test("does not inspect a container after its removal event")
    func removalNeedsNoInspection() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                await world.docker.exit(container: id.text, code: 7)
                try await expect(["started", "exited"], world)
                await world.docker.delayInspect(of: id.text, by: .seconds(60))
                try await world.docker.remove(id.text)
                try await expect(["started", "exited", "removed"], world)
            }
        }
    }

    @Test("publishes a new container of a game after the end of the former one, even if that one is slow")
    func orderOfGame() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let old = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1", name: "old-g1"))
                try await expect(["started"], world)
                await world.docker.delayInspect(of: old.text, by: .milliseconds(300))
                await world.docker.exit(container: old.text, code: 7)
                try await world.docker.remove(old.text)
                let new = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1", name: "new-g1"))
                try await expect(["started", "exited", "removed", "started"], world)
                let ids = try await world.events().map { $0["container_id"] }
                #expect(ids == [old, old, old, new].map(\.text))
            }
        }
    }

    @Test("loses and duplicates nothing when the subscription is cut repeatedly and Docker's event buffer is short")
    func cutAgainAndAgain() async throws {
        try await WorkerWorld.with { world in
            var ids: [ContainerID] = []
            try await world.withWorker { _ in
                for round in 0..<5 {
                    let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g\(round)"))
                    ids.append(id)
                    await world.docker.cutSubscriptions()
                    await world.docker.exit(container: id.text, code: round)
                    // As much as an Engine forgets in a gap: what it remembers is all noise.
                    if round % 2 == 1 {
                        let noisy = await world.docker.addForeignContainer(WorkerWorld.spec(game: "x\(round)"))
                        for _ in 0..<300 { await world.docker.setHealth(container: noisy.text, "healthy") }
                        await world.docker.exit(container: noisy.text, code: 0)
                        ids.append(noisy)
                    }
                    // A container removed before its first inspection has no lifecycle.
                    try await eventually(
                        "the ends of round \(round)",
                        within: .seconds(30),
                        until: { Set(ids).subtracting($0).isEmpty }
                    ) {
                        try await world.events().filter { $0["event"] == "exited" }
                            .compactMap { $0["container_id"].map { ContainerID($0) } }
                    }
                }
                for id in ids { try await world.docker.remove(id.text) }
                try await eventually("the removal of all containers", until: { Set(ids).subtracting($0).isEmpty }) {
                    try await world.events().filter { $0["event"] == "removed" }
                        .compactMap { $0["container_id"].map { ContainerID($0) } }
                }
            }
            let events = try await world.events()
            #expect(Checker.problems(events, complete: Set(ids)) == [])
            for round in 0..<5 {
                let exit = events.first { $0["event"] == "exited" && $0["game_id"] == "g\(round)" }
                #expect(exit?["exit_code"] == "\(round)")
            }
        }
    }

    @Test("finds changes without an event when asked")
    func onDemand() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                await world.docker.exitUnheard(container: id.text, code: 3)
                let bell = RedisArgument.string(world.keys.doorbell("w1"))
                _ = try await world.client.send(RedisCommand("RPUSH", bell, "reconcile"))
                try await expect(["started", "exited"], world)
                #expect(try await world.events().last?["source"] == "reconcile")
            }
        }
    }

    @Test("publishes steps again that Redis has lost")
    func forgottenSteps() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker { _ in
                let id = await world.docker.addForeignContainer(WorkerWorld.spec(game: "g1"))
                try await expect(["started"], world)
                let stories = RedisArgument.string(world.keys.checkpoints("n1"))
                let checkpoint = try await world.client.send(RedisCommand("HGET", stories, .string(id.text))).string
                await world.docker.exit(container: id.text, code: 3)
                try await world.docker.remove(id.text)
                try await expect(["started", "exited", "removed"], world)

                // As after a failover to a replica that had the first step only.
                let events = try await world.client.send(RedisCommand("XRANGE", .string(world.keys.events), "-", "+"))
                for entry in (events.array ?? []).dropFirst().compactMap({ $0.array?.first?.string }) {
                    _ = try await world.client.send(RedisCommand("XDEL", .string(world.keys.events), .string(entry)))
                }
                let ended = RedisArgument.string(world.keys.prefix + "ended:n1")
                _ = try await world.client.send(RedisCommand("ZREM", ended, .string(id.text)))
                _ = try await world.client.send(
                    RedisCommand("HSET", stories, .string(id.text), .string(checkpoint ?? ""))
                )
                try await expect(["started"], world)
                let bell = RedisArgument.string(world.keys.doorbell("w1"))
                _ = try await world.client.send(RedisCommand("RPUSH", bell, "reconcile"))
                try await expect(["started", "exited", "removed"], world)
            }
        }
    }
}

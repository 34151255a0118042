import JobContract
import Primitives
import Redis
import Runtime
import Support
import Testing

/// The time up to which a node's events are published. The next leader reads the Engine's events from there on.
@Suite("The cursor of a node's events", .timeLimit(.minutes(1)))
struct CursorTests {
    private func cursor(_ world: WorkerWorld) async throws -> Timestamp? {
        let look = RedisCommand("HGET", .string(world.keys.leader("n1")), "cursor")
        return try await world.client.send(look).string.flatMap { Timestamp(rfc3339: $0) }
    }

    @Test("never goes back, however late the event of a slow container is published")
    func late() async throws {
        try await WorkerWorld.with { world in
            // As far as an earlier leader came, before all that the fake Docker Engine tells.
            let before = RedisCommand("HSET", .string(world.keys.leader("n1")), "cursor", "2025-12-31T00:00:00Z")
            _ = try await world.client.send(before)
            try await world.withWorker { _ in
                let docker = world.docker
                let slow = await docker.addForeignContainer(WorkerWorld.spec(game: "slow"))
                let slower = await docker.addForeignContainer(WorkerWorld.spec(game: "slower"))
                try await eventually("both starts") { try await world.events().count == 2 }
                await docker.delayInspect(of: slow.text, by: .milliseconds(1_500))
                await docker.delayInspect(of: slower.text, by: .milliseconds(2_300))
                await docker.exit(container: slow.text, code: 7)
                await docker.exit(container: slower.text, code: 7)
                _ = await docker.addForeignContainer(WorkerWorld.spec(game: "quick"))
                try await eventually("all events") { try await world.events().count == 5 }
                let events = try await world.events()
                #expect(events.map { $0["game_id"] }.suffix(3) == ["quick", "slow", "slower"])
                let newest = events.compactMap { $0["occurred_at"].flatMap { Timestamp(rfc3339: $0) } }.max()
                let last = try await cursor(world)
                #expect(last == newest)
            }
        }
    }
}

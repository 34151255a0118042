import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

@testable import JobQueue

@Suite("What runs now: {ns}:games", .timeLimit(.minutes(1)))
struct GamesTests {
    private func update(
        _ expected: String,
        _ mark: String,
        _ kinds: LifecycleKind...,
        container: ContainerID = "c1"
    ) -> LifecycleUpdate {
        let events = kinds.map { kind in
            LifecycleEvent(
                kind: kind,
                action: nil,
                containerID: container,
                containerName: "galaxy-game-g1",
                gameID: "g1",
                jobID: "j1",
                image: "e:1",
                exitCode: kind == .exited ? 137 : nil,
                reason: kind == .exited ? .killed : nil,
                startedAt: kind == .removed ? nil : Timestamp(seconds: 1),
                finishedAt: kind == .exited ? Timestamp(seconds: 2) : nil,
                occurredAt: Timestamp(seconds: 3),
                labels: [:]
            )
        }
        return LifecycleUpdate(
            containerID: container,
            gameID: "g1",
            expectedCheckpoint: expected,
            newCheckpoint: mark,
            entries: events,
            engineEndpoint: mark.hasPrefix("s") ? "http://\(container):8080" : nil
        )
    }

    private func field(_ world: QueueWorld) async throws -> [String: String]? {
        guard let text = try await world.hash(world.keys.prefix + "games")["g1"] else { return nil }
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        return object.mapValues { "\($0)" }
    }

    /// Makes a worker the leader of a node.
    private func leader(_ world: QueueWorld, node: NodeID = "n1") async throws -> (queue: JobQueue, epoch: Int64) {
        let queue = world.worker("leader-\(node)", node: node)
        let answer = try await queue.lead(ttl: .seconds(60))
        let epoch: Int64? = if case .granted(let epoch, _) = answer { epoch } else { nil }
        return (queue, try #require(epoch))
    }

    @Test("a start, an exit and a removal are there with their events")
    func lifecycle() async throws {
        try await QueueWorld.with { world in
            let (queue, epoch) = try await leader(world)
            _ = try await queue.publish([update("", "s1", .started)], epoch: epoch, cursor: nil)
            var expected = [
                "state": "running", "node": "n1", "container_id": "c1", "image": "e:1", "job_id": "j1",
                "engine_endpoint": "http://c1:8080", "since": Timestamp(seconds: 1).rfc3339,
            ]
            #expect(try await field(world) == expected)
            _ = try await queue.publish([update("s1", "s2", .healthy)], epoch: epoch, cursor: nil)
            #expect(try await field(world) == expected)
            _ = try await queue.publish([update("s2", "e1", .exited)], epoch: epoch, cursor: nil)
            expected.merge(
                ["state": "exited", "since": Timestamp(seconds: 2).rfc3339, "reason": "killed", "exit_code": "137"]
            ) { $1 }
            #expect(try await field(world) == expected)
            _ = try await queue.publish([update("e1", "", .removed)], epoch: epoch, cursor: nil)
            #expect(try await field(world) == nil)
        }
    }

    @Test("an event changes the field of another container only if that one has ended, or if its node lost the game")
    func others() async throws {
        try await QueueWorld.with { world in
            let (one, first) = try await leader(world)
            let (two, second) = try await leader(world, node: "n2")
            _ = try await one.publish([update("", "s1", .started)], epoch: first, cursor: nil)
            _ = try await two.publish([update("", "s1", .started, container: "c2")], epoch: second, cursor: nil)
            #expect(try await field(world)?["container_id"] == "c1")
            try await two.announce([OwnedGame(gameID: "g1", isRunning: true, fence: 9)])
            _ = try await two.publish([update("", "s1", .started, container: "c3")], epoch: second, cursor: nil)
            #expect(try await field(world)?["container_id"] == "c3")
            // The old container's end does not hide the new one.
            _ = try await one.publish([update("s1", "", .exited, .removed)], epoch: first, cursor: nil)
            #expect(try await field(world)?["container_id"] == "c3")
            #expect(try await field(world)?["node"] == "n2")
        }
    }

    @Test("the leader restores a missing field, unless the container's lifecycle has gone on")
    func restored() async throws {
        try await QueueWorld.with { world in
            let (queue, epoch) = try await leader(world)
            let field = GameField(
                gameID: "g1",
                isRunning: true,
                containerID: "c1",
                image: "e:1",
                engineEndpoint: "http://c1:8080",
                jobID: "j1",
                since: Timestamp(seconds: 1)
            )
            try await queue.restoreGames([field], epoch: epoch)
            #expect(try await self.field(world) == nil)
            _ = try await queue.publish([update("", "s1", .started)], epoch: epoch, cursor: nil)
            let before = try await self.field(world)
            let key = RedisArgument.string(world.keys.prefix + "games")
            _ = try await world.client.send(RedisCommand("DEL", key))
            try await queue.restoreGames([field], epoch: epoch)
            #expect(try await self.field(world) == before)
            // A worker of an earlier version published the exit, and the start of the next run.
            let stale = #"{"state":"exited","node":"n1","container_id":"c1"}"#
            _ = try await world.client.send(RedisCommand("HSET", key, "g1", .string(stale)))
            try await queue.restoreGames([field], epoch: epoch)
            #expect(try await self.field(world) == before)
            _ = try await queue.publish([update("s1", "", .exited, .removed)], epoch: epoch, cursor: nil)
            try await queue.restoreGames([field], epoch: epoch)
            #expect(try await self.field(world) == nil)
            await #expect(throws: Fenced.self) { try await queue.restoreGames([field], epoch: epoch - 1) }
        }
    }

    @Test("a key of a wrong type stops no event")
    func wrongType() async throws {
        try await QueueWorld.with { world in
            _ = try await world.client.send(RedisCommand("SET", .string(world.keys.prefix + "games"), "x"))
            let (queue, epoch) = try await leader(world)
            let answers = try await queue.publish(
                [update("", "s1", .started), update("s1", "", .exited, .removed)],
                epoch: epoch,
                cursor: nil
            )
            #expect(answers == [.published, .published])
        }
    }
}

import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    /// Two real Docker Engines, with one worker each. A night in which a host dies, and the morning after.
    @Suite("A host that is lost", .engineWorld, .timeLimit(.minutes(5)))
    struct NodeLossTests {
        private static let settings = [
            "RTM_LEASE_TTL_SECONDS": "5", "RTM_NODE_GRACE_SECONDS": "30", "RTM_LOG_LEVEL": "info",
        ]

        /// Runs a fleet on the node `a`, with a second node `b` on an Engine of its own.
        private func withTwoHosts(_ body: @Sendable (Fleet, _ other: [String: String]) async throws -> Void)
            async throws
        {
            let world = try #require(EngineWorld.current)
            try await PrivateDocker.with { docker in
                try await EngineWorld.with(on: docker.engine) { second in
                    try await TestImage.make(world.image, on: second.engine, labels: ["conformance": "yes"])
                    let other = [
                        "DOCKER_HOST": second.engine.host, "RTM_NODE": "b", "RTM_NETWORK": second.network,
                        "RTM_NAME_PREFIX": "\(second.prefix)-",
                    ]
                    let settings = Self.settings.merging(["RTM_NODE": "a"]) { $1 }
                    try await Fleet.with(workers: 0, settings: settings, world: world) { fleet in
                        try await body(fleet, other)
                    }
                }
            }
        }

        private func state(of node: NodeID, _ fleet: Fleet) async throws -> String {
            let list = try await fleet.run("node", "list").output
            return list.split(separator: "\n").map(String.init).first { $0.hasPrefix("\(node.text) ") } ?? "none"
        }

        private func untilLost(_ fleet: Fleet) async throws {
            try await eventually("the loss of b", within: .seconds(60), until: { $0.contains("lost") }) {
                try await state(of: "b", fleet)
            }
        }

        /// The public field of a game.
        private func field(_ game: GameID, _ fleet: Fleet) async throws -> [String: String]? {
            let key = RedisArgument.string(fleet.keys.prefix + "games")
            let text = try await fleet.client.send(RedisCommand("HGET", key, .string(game.text))).string
            return try text.map { text in
                let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
                return (object ?? [:]).mapValues { "\($0)" }
            }
        }

        @Test(
            "its stops end node_lost, its starts move, and the next morning each game runs once; then it is forgotten"
        )
        func night() async throws {
            try await withTwoHosts { fleet, other in
                let b = try await fleet.startWorker(other)
                for game: GameID in ["g1", "g2", "g3"] {
                    let job = JobID("s-\(game)")
                    #expect(try await fleet.finish(job, fleet.start(job, game: game)).fields["node"] == "b")
                }
                let first = try await fleet.result(of: "s-g1")
                try await fleet.startWorker()
                try await eventually("g1 in {ns}:games", until: { $0?["state"] == "running" }) {
                    try await field("g1", fleet)
                }
                let before = try #require(try await field("g1", fleet))
                #expect(before["container_id"] == first.containerID?.text && before["node"] == "b")
                #expect(before["engine_endpoint"] == first.fields["engine_endpoint"])
                await b.kill9()
                try await untilLost(fleet)

                let stop = try await fleet.finish("t-g2", Fleet.message(.stop, "t-g2", game: "g2"))
                #expect(stop.errorCode == "node_lost")
                let moved = try await fleet.finish("s2-g1", fleet.start("s2-g1", game: "g1"))
                #expect(moved.effect == .started && moved.fields["node"] == "a")
                try await eventually("g1 on a in {ns}:games", until: { $0?["node"] == "a" }) {
                    try await field("g1", fleet)
                }
                let refused = try await fleet.run("node", "forget", "a")
                #expect(refused.exitCode == 1 && refused.errors.contains("is not lost"), "\(refused)")

                let again = try await fleet.startWorker(other)
                try await eventually("the return of b", until: { $0.contains(" up ") }) {
                    try await state(of: "b", fleet)
                }
                try await fleet.events(ofGame: "g2", until: ["started", "exited"])
                for game: GameID in ["g1", "g2"] {
                    let exits = try await fleet.events(ofGame: game).filter { $0["event"] == "exited" }
                    #expect(
                        exits.map { $0["node"] } == ["b"] && exits.allSatisfy { $0["reason"] == "stopped" },
                        "\(exits)"
                    )
                }
                #expect(try await fleet.events(ofGame: "g3").count == 1)
                #expect(try await field("g1", fleet)?["container_id"] == moved.containerID?.text)

                await again.kill9()
                // Nobody has to wait for the grace once more.
                _ = try await fleet.client.send(RedisCommand("ZADD", .string(fleet.keys.prefix + "nodes"), 1, "b"))
                _ = try await fleet.client.send(RedisCommand("HSET", .string(fleet.keys.meta), "resumed_at", "1"))
                try await untilLost(fleet)
                try await forget(fleet, other)
            }
        }

        /// An operator forgets b, and b comes back once more.
        private func forget(_ fleet: Fleet, _ other: [String: String]) async throws {
            let forgotten = try await fleet.run("node", "forget", "b", "--yes")
            #expect(forgotten.output == "b is forgotten, with 2 games and 3 containers\n", "\(forgotten)")
            #expect(try await state(of: "b", fleet) == "none")
            let ends = try await fleet.events(ofGame: "g3")
            #expect(ends.map { $0["event"] } == ["started", "exited", "removed"])
            #expect(ends[1]["reason"] == "node_lost" && ends[2]["source"] == "reconcile")
            #expect(try await field("g3", fleet) == nil)
            let moved = try await fleet.finish("s2-g3", fleet.start("s2-g3", game: "g3"))
            #expect(moved.effect == .started && moved.fields["node"] == "a")

            let last = try await fleet.startWorker(other)
            try await last.untilItSays("stopping games that it no longer owns")
            let host = try #require(other["DOCKER_HOST"])
            let running = ["docker", "--host", host, "ps", "--quiet", "--filter", "label=com.galaxy.owner"]
            try await eventually("the end of the old container of g3", until: \.isEmpty) {
                try await Tool.run(running).trimmingCharacters(in: .whitespacesAndNewlines)
            }
            #expect(try await fleet.events(ofGame: "g3").count(where: { $0["node"] == "b" }) == 3)
            #expect(try await field("g3", fleet)?["container_id"] == moved.containerID?.text)
        }

        @Test("a second worker with another RTM_NODE on the same machine does not register, and says why")
        func twoNames() async throws {
            try await Fleet.with(settings: ["RTM_LEASE_TTL_SECONDS": "5"], world: try #require(EngineWorld.current)) {
                fleet in
                let second = try await fleet.startWorker(["RTM_NODE": "second-name"], untilReady: false)
                try await second.untilItSays("live on this machine; give all workers of a machine the same RTM_NODE")
                let first = try #require(fleet.workers.first)
                await first.kill9()
                try await second.untilItSays("worker is ready")
            }
        }
    }
}

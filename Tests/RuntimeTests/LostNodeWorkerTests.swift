import DockerPort
import JobContract
import JobQueue
import Primitives
import Redis
import Support
import Testing

@testable import Runtime

@Suite("Workers of a lost node", .timeLimit(.minutes(2)))
struct LostNodeWorkerTests {
    /// Makes a node silent for longer than the grace, in data that is older than any outage.
    private func lose(_ node: NodeID, _ world: WorkerWorld) async throws {
        let prefix = world.keys.prefix
        for field in ["created_at", "resumed_at"] {
            _ = try await world.client.send(RedisCommand("HSET", .string(world.keys.meta), .string(field), "1"))
        }
        _ = try await world.client.send(RedisCommand("ZADD", .string(prefix + "nodes"), 1, .string(node.text)))
        _ = try await world.client.send(RedisCommand("SET", .string(world.keys.liveness), "renewed"))
        let queue = JobQueue(
            redis: world.client,
            keys: world.keys,
            worker: WorkerIdentity(id: "sweeper", node: "n9", nonce: "s"),
            options: JobQueueOptions(lease: world.lease)
        )
        _ = try await queue.sweep(docker: .away, after: .none)
        #expect(try await isLost(node, world))
    }

    /// A fleet whose node n2, on the other Docker Engine, runs g1 and is lost.
    private func withLostNode(
        _ body: @Sendable (_ world: WorkerWorld, _ other: WorkerWorld) async throws -> Void
    ) async throws {
        try await WorkerWorld.with { world in
            let other = try await world.onAnotherEngine()
            try await other.withWorker("w2", node: "n2") { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").fields["node"] == "n2")
                try await eventually("the event") { try await world.events().contains { $0["event"] == "started" } }
            }
            try await lose("n2", world)
            try await body(world, other)
        }
    }

    private func isLost(_ node: NodeID, _ world: WorkerWorld) async throws -> Bool {
        let key = RedisArgument.string(world.keys.prefix + "lost_nodes")
        return try await !world.client.send(RedisCommand("ZSCORE", key, .string(node.text))).isNull
    }

    /// Whether each container of the game on the Engine runs.
    private func runs(_ game: GameID, _ docker: FakeDocker) async throws -> [Bool] {
        let filter = ListFilter(labels: [GalaxyLabel.gameID: game.text], inspectsRows: false)
        return try await docker.list(filter).map(\.isRunning)
    }

    @Test("stop a game that runs elsewhere now before they take a job, and the exit is published as stopped")
    func takenOver() async throws {
        try await withLostNode { world, other in
            try await world.withWorker("w1") { _ in
                try await world.push(.start, "s2")
                #expect(try await world.result("s2").fields["node"] == "n1")
                #expect(try await runs("g1", other.docker) == [true])
                try await other.withWorker("w3", node: "n2") { _ in
                    try await eventually("n2 is back") { try await !isLost("n2", world) }
                    #expect(try await runs("g1", other.docker) == [false])
                    #expect(try await runs("g1", world.docker) == [true])
                    let exit = try await eventually("the exit", until: { $0 != nil }) {
                        try await world.events().first { $0["event"] == "exited" && $0["node"] == "n2" }
                    }
                    #expect(exit?["reason"] == "stopped")
                    try await world.push(.stop, "t1")
                    #expect(try await world.result("t1").fields["node"] == "n1")
                }
            }
        }
    }

    @Test("stop their games before the loss if the operator wants it, and start games again when Redis answers")
    func cutOff() async throws {
        try await WorkerWorld.with(lease: .seconds(1)) { world in
            try await world.withWorker(nodeGrace: .seconds(15), stopsWhenCutOff: true) { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                world.redis.suspend()
                try await eventually("the end of the game", until: { $0 == [false] }) {
                    try await runs("g1", world.docker)
                }
                world.redis.resume()
                try await world.push(.start, "s2")
                #expect(try await world.result("s2").effect == .started)
                #expect(try await runs("g1", world.docker) == [true])
            }
        }
    }

    @Test("go on with games that no job has asked for")
    func untouched() async throws {
        try await withLostNode { world, other in
            try await other.withWorker("w3", node: "n2") { _ in
                try await eventually("n2 is back") { try await !isLost("n2", world) }
                #expect(try await runs("g1", other.docker) == [true])
                try await world.push(.stop, "t1")
                #expect(try await world.result("t1").effect == .stopped)
            }
        }
    }
}

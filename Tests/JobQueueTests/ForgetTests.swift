import JobContract
import Primitives
import QueueAdmin
import Redis
import Support
import Testing

@testable import JobQueue

@Suite("A forgotten node", .timeLimit(.minutes(1)))
struct ForgetTests {
    private let games = (1...3).map { OwnedGame(gameID: GameID("g\($0)"), isRunning: true, fence: Int64($0)) }

    /// A lost node n2 with the games g1 to g3, and a node n1 that lives.
    private func withLostNode(
        _ body: (_ world: QueueWorld, _ here: JobQueue, _ gone: JobQueue) async throws -> Void
    ) async throws {
        try await QueueWorld.with { world in
            let (here, gone) = (world.worker("w1"), world.worker("gone", node: "n2"))
            try await gone.announce(games)
            try await here.announce([])
            try await gone.deregister()
            try await world.lose("n2", sweeper: here)
            try await body(world, here, gone)
        }
    }

    private func forget(_ queue: JobQueue) async throws -> ForgottenGames {
        _ = try await queue.forgetGames(after: nil)
        return try await queue.forgetGames(after: nil, isLast: true)
    }

    @Test("has no owner's rights, is not lost any more, and a start of its game runs elsewhere")
    func forgotten() async throws {
        try await withLostNode { world, here, gone in
            #expect(try await gone.forgetGames(after: nil) == .forgotten(count: 3, next: nil))
            #expect(try await gone.forgetGames(after: nil, isLast: true) == .forgotten(count: 0, next: nil))
            #expect(try await world.owners().isEmpty)
            #expect(try await !here.knows(node: "n2"))
            #expect(try await here.overview(limit: 10) { _ in nil }.nodes.map(\.id) == ["n1"])
            try await world.push(QueueWorld.message(.stop, "t1"), QueueWorld.message(.start, "s1"))
            while try await world.intake(here).taken > 0 {}
            let stop = try #require(try await world.claim(here).first)
            #expect(stop.id == "t1")
            try await world.finish(here, stop, JobEnding(.succeeded, effect: .alreadyAbsent))
            #expect(try await world.claim(here).map(\.id) == ["s1"])
        }
    }

    @Test("stops all its games when it returns, whoever runs them, before it takes a job")
    func returns() async throws {
        try await withLostNode { world, here, gone in
            _ = try await forget(gone)
            try await gone.register()
            let unknown = OwnedGame(gameID: "g9", isRunning: true)
            #expect(Set(try await gone.announce(games + [unknown])) == ["g1", "g2", "g3", "g9"])
            let stopped = (games + [unknown]).map { OwnedGame(gameID: $0.gameID, isRunning: false) }
            #expect(try await gone.announce(stopped, stopped: stopped.map(\.gameID)).isEmpty)
            #expect(try await world.owners().isEmpty)
            // From now on it is a node like others.
            #expect(try await gone.announce([unknown]).isEmpty)
            #expect(try await world.owners() == ["g9": "n2"])
        }
    }

    @Test("must be lost, without a living worker")
    func refused() async throws {
        try await withLostNode { world, here, gone in
            #expect(try await here.forgetGames(after: nil) == .nodeLives)
            try await gone.register()
            let operator_ = world.worker("operator", node: "n2")
            #expect(try await operator_.forgetGames(after: nil) == .nodeLives)
            #expect(try await world.owners().count == 3)
            #expect(try await world.worker("operator", node: "n7").forgetGames(after: nil) == .nodeLives)
        }
    }

    @Test(
        "frees its waiting jobs, also if a sweep has not moved them, and takes no job before it has stopped its games"
    )
    func waiting() async throws {
        try await QueueWorld.with { world in
            let (here, gone) = (world.worker("w1"), world.worker("gone", node: "n2"))
            try await gone.announce(games)
            try await here.announce([])
            try await gone.deregister()
            try await world.push(QueueWorld.message(.start, "s1", game: "g1"))
            while try await world.intake(here).taken > 0 {}
            #expect(try await world.claim(here).isEmpty)
            try await world.lose("n2", sweeper: here)
            // As if the sweep had not come to this lane.
            _ = try await world.client.send(RedisCommand("ZADD", "{rtm}:ready:start:default:n2", 1, "g1"))
            _ = try await world.client.send(RedisCommand("DEL", "{rtm}:ready:start:default"))
            let lane = #"{"state":"ready","head":"s1","list":"ready:start:default:n2"}"#
            _ = try await world.client.send(RedisCommand("HSET", "{rtm}:lanes", "g1", .string(lane)))
            _ = try await forget(gone)
            #expect(try await world.client.send(RedisCommand("EXISTS", "{rtm}:ready:start:default:n2")).integer == 0)
            #expect(try await world.claim(gone).isEmpty)
            #expect(try await world.claim(here).map(\.id) == ["s1"])
        }
    }

    @Test("is remembered as forgotten for the retention, and keeps no other key")
    func keys() async throws {
        try await withLostNode { world, here, gone in
            guard case .granted(let epoch, _) = try await gone.lead(ttl: .seconds(5)) else { return }
            try await gone.record(.started(checkpoint: "s0"), of: "c1")
            try await gone.resign(epoch: epoch)
            _ = try await forget(gone)
            let keys = try await world.client.send(RedisCommand("KEYS", "*:n2")).array ?? []
            for key in keys.compactMap(\.string) {
                let left = try await world.client.send(RedisCommand("PTTL", .string(key))).integer ?? -2
                #expect(left > 0, "\(key) stays for ever")
            }
        }
    }
}

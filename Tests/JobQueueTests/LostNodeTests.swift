import JobContract
import Primitives
import QueueAdmin
import Redis
import Support
import Testing

@testable import JobQueue

@Suite("Lost nodes", .timeLimit(.minutes(1)))
struct LostNodeTests {
    /// A fleet of two nodes: n2 owns the running game g1 and then falls silent, n1 lives.
    private struct Fleet {
        let world: QueueWorld
        let gone: JobQueue
        let here: JobQueue

        /// Makes n2 silent for longer than the grace, in data that is older than any outage.
        func lose() async throws { try await world.lose("n2", sweeper: here) }

        func silence(since time: Int64) async throws { try await world.silence("n2", since: time) }

        func isLost() async throws -> Bool {
            let key = RedisArgument.string(world.keys.prefix + "lost_nodes")
            return try await !world.client.send(RedisCommand("ZSCORE", key, "n2")).isNull
        }

        func take(_ messages: String...) async throws {
            for message in messages { try await world.push(message) }
            while try await world.intake(here).taken > 0 {}
        }

        /// Ids and outcomes so far, the oldest first.
        func results() async throws -> [String] {
            try await world.results().map { "\($0.jobID) \($0.errorCode ?? $0.outcome?.rawValue ?? "")" }
        }
    }

    private func withFleet(_ body: (Fleet) async throws -> Void) async throws {
        try await QueueWorld.with { world in
            let fleet = Fleet(world: world, gone: world.worker("gone", node: "n2"), here: world.worker("w1"))
            try await fleet.here.register()
            try await fleet.gone.announce([OwnedGame(gameID: "g1", isRunning: true)])
            try await fleet.here.announce([])
            // As if workers renewed the key: there is no outage.
            _ = try await world.client.send(RedisCommand("SET", .string(world.keys.liveness), "renewed"))
            try await body(fleet)
        }
    }

    @Test("a stop and a remove of its games end node_lost, also if they waited before the loss")
    func stops() async throws {
        try await withFleet { fleet in
            try await fleet.take(QueueWorld.message(.stop, "t1"))
            #expect(try await fleet.world.claim(fleet.here).isEmpty)
            #expect(try await fleet.results().isEmpty)
            try await fleet.lose()
            #expect(try await fleet.world.claim(fleet.here).isEmpty)
            try await fleet.take(QueueWorld.message(.remove, "r1"), QueueWorld.message(.stop, "t2"))
            #expect(try await fleet.world.claim(fleet.here).isEmpty)
            #expect(try await fleet.results() == ["t1 node_lost", "r1 node_lost", "t2 node_lost"])
            #expect(try await fleet.world.lanes().isEmpty)
            // The owner stays, so a repeated stop has the same end.
            #expect(try await fleet.world.owners() == ["g1": "n2"])
        }
    }

    @Test("a start of its game runs on another node, which owns the game from then on")
    func start() async throws {
        try await withFleet { fleet in
            try await fleet.take(QueueWorld.message(.start, "s1"))
            #expect(try await fleet.world.claim(fleet.here).isEmpty)
            try await fleet.lose()
            let job = try #require(try await fleet.world.claim(fleet.here).first)
            #expect(job.id == "s1")
            #expect(try await fleet.world.owners() == ["g1": "n1"])
            try await fleet.world.finish(fleet.here, job)
            try await fleet.take(QueueWorld.message(.stop, "t1"))
            #expect(try await fleet.world.claim(fleet.here).map(\.id) == ["t1"])
        }
    }

    @Test("a start that ran there runs elsewhere after its lease, and a stop that ran there ends node_lost")
    func running() async throws {
        for kind in [JobKind.start, .stop] {
            try await withFleet { fleet in
                try await fleet.take(QueueWorld.message(kind, "j1"))
                #expect(try await fleet.world.claim(fleet.gone).map(\.id) == ["j1"])
                try await fleet.lose()
                let leases = RedisArgument.string(fleet.world.keys.prefix + "leases")
                _ = try await fleet.world.client.send(RedisCommand("ZADD", leases, 1, "j1"))
                _ = try await fleet.here.sweep()
                let (claimed, ended) = (try await fleet.world.claim(fleet.here).map(\.id), try await fleet.results())
                #expect(claimed == (kind == .start ? ["j1"] : []))
                #expect(ended == (kind == .start ? [] : ["j1 node_lost"]))
            }
        }
    }

    @Test("it takes no job until it has stopped the games that it no longer owns")
    func returning() async throws {
        try await withFleet { fleet in
            try await fleet.lose()
            try await fleet.take(QueueWorld.message(.start, "s1"), QueueWorld.message(.stop, "t2", game: "g2"))
            #expect(try await fleet.world.claim(fleet.here, stops: 0).map(\.id) == ["s1"])
            let games = [OwnedGame(gameID: "g1", isRunning: true)]
            for _ in 1...2 {
                #expect(try await fleet.gone.announce(games) == ["g1"])
                #expect(try await fleet.world.claim(fleet.gone).isEmpty)
                #expect(try await fleet.isLost())
            }
            let stopped = [OwnedGame(gameID: "g1", isRunning: false)]
            #expect(try await fleet.gone.announce(stopped, stopped: ["g1"]).isEmpty)
            #expect(try await !fleet.isLost())
            #expect(try await fleet.world.owners() == ["g1": "n1"])
            #expect(try await fleet.world.claim(fleet.gone).map(\.id) == ["t2"])
        }
    }

    @Test("it goes on with its games if no job has asked for them")
    func untouched() async throws {
        try await withFleet { fleet in
            try await fleet.lose()
            #expect(try await fleet.gone.announce([OwnedGame(gameID: "g1", isRunning: true)]).isEmpty)
            try await fleet.take(QueueWorld.message(.stop, "t1"))
            #expect(try await fleet.world.claim(fleet.here).isEmpty)
            #expect(try await fleet.world.claim(fleet.gone).map(\.id) == ["t1"])
        }
    }

    @Test("it stops a game whose stop ended node_lost, and still owns the game")
    func stoppedInItsAbsence() async throws {
        try await withFleet { fleet in
            try await fleet.lose()
            try await fleet.take(QueueWorld.message(.stop, "t1"))
            _ = try await fleet.world.claim(fleet.here)
            #expect(try await fleet.gone.announce([OwnedGame(gameID: "g1", isRunning: true)]) == ["g1"])
            let stopped = [OwnedGame(gameID: "g1", isRunning: false)]
            #expect(try await fleet.gone.announce(stopped, stopped: ["g1"]).isEmpty)
            #expect(try await fleet.world.owners() == ["g1": "n2"])
        }
    }

    @Test("two names for one Docker Engine do not stop each other's games")
    func twoNames() async throws {
        try await withFleet { fleet in
            let other = fleet.world.worker("other", node: "n3")
            #expect(try await other.announce([OwnedGame(gameID: "g1", isRunning: true)]).isEmpty)
            try await fleet.lose()
            #expect(try await other.announce([OwnedGame(gameID: "g1", isRunning: true)]).isEmpty)
            #expect(try await fleet.world.owners() == ["g1": "n2"])
        }
    }

    @Test("nobody is lost before one grace time after an outage has passed")
    func outage() async throws {
        try await withFleet { fleet in
            try await fleet.silence(since: 1)
            _ = try await fleet.here.sweep()
            #expect(try await !fleet.isLost())
            let now = try await fleet.here.redisTime()
            try await fleet.world.set("resumed_at", "\(now - 200_000)")
            _ = try await fleet.here.sweep()
            #expect(try await !fleet.isLost())
            try await fleet.world.set("resumed_at", "\(now - 301_000)")
            try await fleet.silence(since: now - 200_000)
            _ = try await fleet.here.sweep()
            #expect(try await !fleet.isLost())
            try await fleet.silence(since: now - 301_000)
            _ = try await fleet.here.sweep()
            #expect(try await fleet.isLost())
        }
    }

    @Test("nobody is lost by a step of Redis' clock, which also expires the liveness key")
    func clockStep() async throws {
        try await withFleet { fleet in
            try await fleet.silence(since: 1)
            try await fleet.world.set("resumed_at", "1")
            _ = try await fleet.world.client.send(RedisCommand("DEL", .string(fleet.world.keys.liveness)))
            _ = try await fleet.here.sweep()
            #expect(try await !fleet.isLost())
        }
    }

    @Test("of many waiting lanes a sweep moves a part, and the next sweep is due at once")
    func manyLanes() async throws {
        try await withFleet { fleet in
            let games = (1...150).map { OwnedGame(gameID: GameID("m\($0)"), isRunning: true) }
            try await fleet.gone.announce(games)
            for game in games {
                try await fleet.world.push(QueueWorld.message(.stop, "t-\(game.gameID)", game: game.gameID))
            }
            while try await fleet.world.intake(fleet.here).taken > 0 {}
            try await fleet.lose()
            var sweeps = 1
            while sweeps < 9, try await fleet.here.sweep().nextDue == .zero { sweeps += 1 }
            #expect((2...5).contains(sweeps))
            for _ in 1...3 { _ = try await fleet.world.claim(fleet.here) }
            #expect(try await fleet.world.results().count { $0.errorCode == "node_lost" } == 150)
        }
    }
}

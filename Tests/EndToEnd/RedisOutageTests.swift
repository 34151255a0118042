import JobContract
import Support
import Testing

extension Deployment {
    @Suite("Redis killed and restarted", .engineWorld, .timeLimit(.minutes(10)))
    struct RedisOutageTests {
        static let persistence = ["--appendonly", "yes", "--appendfsync", "always"]

        @Test("workers go on within 5 s, and nothing is lost")
        func restart() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(workers: 2, redisArguments: Self.persistence, world: world) { fleet in
                _ = try await fleet.finish("before", fleet.start("before", game: "before"))
                let games = (0..<6).map { "g\($0)" }
                for game in games { try await fleet.push(fleet.start("\(game).start", game: game)) }
                _ = try await fleet.runner(of: "g0.start")
                await fleet.redis.kill9()
                try await fleet.redis.restart()
                let begin = ContinuousClock.now
                try await fleet.push(fleet.start("after", game: "after"))
                #expect(try await fleet.result(of: "after").effect == .started)
                #expect(begin.duration(to: .now) <= .seconds(5))
                for game in games {
                    #expect(try await fleet.result(of: "\(game).start", within: .seconds(30)).effect == .started)
                }
                for game in games + ["before", "after"] {
                    let message = Fleet.message(.remove, "\(game).remove", game: game, #""force":true"#)
                    #expect(try await fleet.finish("\(game).remove", message).effect == .removed)
                    let events = try await fleet.events(ofGame: game, until: ["started", "exited", "removed"])
                    #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
                }
                let ids = try await fleet.results().map(\.jobID)
                #expect(Set(ids).count == ids.count)
                #expect(ids.count == 2 * (games.count + 2))
                #expect(try await fleet.containers().isEmpty)
            }
        }

        @Test("a worker that was idle meanwhile takes the first job after it")
        func idle() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(redisArguments: Self.persistence, world: world) { fleet in
                for round in 0..<3 {
                    await fleet.redis.kill9()
                    try await fleet.redis.restart()
                    let begin = ContinuousClock.now
                    let id = "i-\(round)"
                    #expect(try await fleet.finish(id, Fleet.message(.stop, id, game: "g")).effect == .alreadyAbsent)
                    #expect(begin.duration(to: .now) <= .seconds(5))
                }
                #expect(fleet.workers[0].process.isRunning)
            }
        }
    }
}

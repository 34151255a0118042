import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("Two workers", .engineWorld, .timeLimit(.minutes(10)))
    struct TwoWorkerTests {
        @Test("share one host: each job runs once, and each game's jobs run in order")
        func share() async throws {
            try await Fleet.with(workers: 2, world: try #require(EngineWorld.current)) { fleet in
                let games = (0..<20).map { "game-\($0)" as GameID }
                for game in games {
                    try await fleet.push(
                        fleet.start("\(game).start", game: game),
                        Fleet.message(.stop, "\(game).wrong", game: "\(game)-not")
                    )
                }
                for game in games {
                    let result = try await fleet.result(of: "\(game).start", within: .seconds(60))
                    #expect(result.effect == .started, "\(result.error ?? "")")
                }
                #expect(try await fleet.containers(all: false).count == games.count)
                for game in games { try await fleet.push(Fleet.message(.stop, "\(game).stop", game: game)) }
                for game in games { try await fleet.push(Fleet.message(.remove, "\(game).remove", game: game)) }
                for game in games {
                    #expect(try await fleet.result(of: "\(game).remove", within: .seconds(60)).effect == .removed)
                }
                // A Redis that was born a moment ago does not know yet whether some node has such a game.
                for game in games {
                    #expect(try await fleet.result(of: "\(game).wrong", within: .seconds(60)).effect == .alreadyAbsent)
                }
                try await check(games, fleet)
            }
        }

        private func check(_ games: [GameID], _ fleet: Fleet) async throws {
            let results = try await fleet.results()
            #expect(results.count == games.count * 4)
            #expect(Set(results.map(\.jobID)).count == results.count)
            #expect(results.allSatisfy { $0.outcome == .succeeded && $0.fields["attempts"] == "1" })
            for game in games {
                let order = results.filter { $0.gameID == game }.map(\.jobID)
                #expect(order == ["\(game).start", "\(game).stop", "\(game).remove"])
                let events = try await fleet.events(ofGame: game, until: ["started", "exited", "removed"])
                #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
                #expect(events.compactMap { $0["reason"] } == ["stopped"])
            }
            let shares = fleet.workers.map { worker in
                results.count { $0.fields["worker"].map(worker.isWorker) == true }
            }
            #expect(shares.reduce(0, +) == results.count)
            #expect(shares.allSatisfy { $0 > 0 }, "\(shares)")
            #expect(try await fleet.containers().isEmpty)
        }

        @Test("run a backlog of starts and stops of one game in order")
        func order() async throws {
            try await Fleet.with(workers: 2, world: try #require(EngineWorld.current)) { fleet in
                // Removes without force supersede no start that runs, so each is pushed when the start has ended.
                var expected: [JobID] = []
                for round in 0..<5 {
                    let ids: [JobID] = ["s-\(round)", "t-\(round)", "r-\(round)"]
                    _ = try await fleet.finish(ids[0], fleet.start(ids[0], game: "g"))
                    try await fleet.push(
                        Fleet.message(.stop, ids[1], game: "g"),
                        Fleet.message(.remove, ids[2], game: "g")
                    )
                    expected += ids
                }
                try await fleet.result(of: "r-4")
                #expect(try await fleet.results().map(\.jobID) == expected)
                let effects = try await fleet.results().compactMap(\.effect)
                #expect(effects == (0..<5).flatMap { _ in [JobEffect.started, .stopped, .removed] })
            }
        }

        @Test("let a stop supersede the earlier waiting starts")
        func supersedes() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                try await fleet.push(
                    fleet.start("w-1", game: "g"),
                    fleet.start("w-2", game: "g"),
                    Fleet.message(.stop, "w-3", game: "g"),
                    fleet.start("w-4", game: "g")
                )
                try await fleet.startWorker()
                try await fleet.startWorker()
                #expect(try await fleet.result(of: "w-4").effect == .started)
                let results = try await fleet.results()
                #expect(results.map(\.jobID) == ["w-1", "w-2", "w-3", "w-4"])
                #expect(results.prefix(2).allSatisfy { $0.outcome == .superseded })
                #expect(results[2].effect == .alreadyAbsent)
                #expect(try await fleet.containers().count == 1)
            }
        }
    }
}

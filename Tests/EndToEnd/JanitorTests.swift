import JobContract
import Support
import Testing

extension Deployment {
    @Suite("The janitor on a real Engine", .engineWorld, .timeLimit(.minutes(5)))
    struct JanitorTests {
        private func settings(_ mode: String) -> [String: String] {
            ["RTM_JANITOR": mode, "RTM_JANITOR_GRACE_SECONDS": "2"]
        }

        @Test("removes what creates have left, and tells of what no job explains; others' containers stay")
        func reports() async throws {
            try await Fleet.with(settings: settings("report"), world: try #require(EngineWorld.current)) { fleet in
                let game = try await fleet.finish("s", fleet.start("s", game: "runs"))
                let leftover = try await fleet.createByHand(game: "left")
                let foreign = try await fleet.createByHand(game: "foreign", namespace: fleet.keys.namespace + "-other")
                // As if an image had been made of one of ours: its labels, not its hostname.
                let copy = try await fleet.createByHand(game: "copied", hostname: "laptop")
                let byHand = try await fleet.runByHand(game: "by-hand")
                try await eventually(within: .seconds(30), "the leftover to be removed") {
                    try await fleet.world.engine.inspect(leftover) == nil
                }
                try await fleet.workers[0].untilItSays("without explanation", within: .seconds(30))
                let left = Set(try await fleet.containers())
                #expect(left == [foreign, copy, byHand, game.containerID ?? ""])
            }
        }

        @Test("in a dry run removes nothing")
        func dryRun() async throws {
            try await Fleet.with(settings: settings("dry-run"), world: try #require(EngineWorld.current)) { fleet in
                let leftover = try await fleet.createByHand(game: "left")
                try await fleet.workers[0].untilItSays("without explanation", within: .seconds(30))
                #expect(try await fleet.containers() == [leftover])
            }
        }

        @Test("where it may, ends and removes what no job explains, and its story is told to the end")
        func removes() async throws {
            try await Fleet.with(settings: settings("remove"), world: try #require(EngineWorld.current)) { fleet in
                let game = try await fleet.finish("s", fleet.start("s", game: "runs"))
                let id = try await fleet.runByHand(game: "stray")
                try await eventually(within: .seconds(60), "the stray container to be removed") {
                    try await fleet.world.engine.inspect(id) == nil
                }
                let events = try await fleet.events(ofGame: "stray", until: ["started", "exited", "removed"])
                #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
                #expect(try await fleet.containers() == [game.containerID])
            }
        }
    }
}

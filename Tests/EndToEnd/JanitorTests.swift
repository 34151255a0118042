import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("The janitor on a real Docker Engine", .engineWorld, .timeLimit(.minutes(5)))
    struct JanitorTests {
        private func settings(_ mode: String) -> [String: String] {
            ["RTM_JANITOR": mode, "RTM_JANITOR_GRACE_SECONDS": "2"]
        }

        @Test("removes leftovers of creates, reports unexplained containers, and leaves foreign ones")
        func reports() async throws {
            try await Fleet.with(settings: settings("report"), world: try #require(EngineWorld.current)) { fleet in
                let game = try await fleet.finish("s", fleet.start("s", game: "runs"))
                let leftover = try await fleet.createByHand(game: "left")
                let foreign = try await fleet.createByHand(game: "foreign", namespace: fleet.keys.namespace + "-other")
                // As if an image had been made of one of ours: its labels are the container's, whoever makes it.
                let image = "\(fleet.world.prefix)-copied:1"
                try await TestImage.make(image, on: fleet.world.engine, labels: ["com.galaxy.owner": "rtmanager"])
                let copy = try await fleet.createByHand(game: "copied", image: image)
                let byHand = try await fleet.runByHand(game: "by-hand")
                try await eventually("the leftover to be removed", until: { $0 == nil }) {
                    try await fleet.world.engine.inspect(leftover.text)
                }
                try await fleet.workers[0].untilItSays("no job explains")
                let left = Set(try await fleet.containers())
                #expect(left == [foreign, copy, byHand, game.containerID ?? ""])
            }
        }

        @Test("keeps the allowed number of exited containers, and removes the oldest")
        func bounds() async throws {
            let more = settings("report").merging(["RTM_KEPT_CONTAINERS": "2"]) { $1 }
            try await Fleet.with(settings: more, world: try #require(EngineWorld.current)) { fleet in
                let running = try await fleet.finish("s", fleet.start("s", game: "runs"))
                var ended: [ContainerID] = []
                for number in 0..<4 {
                    let message = fleet.start("s-\(number)", game: "g\(number)")
                    ended.append(try #require(try await fleet.finish("s-\(number)", message).containerID))
                    _ = try await fleet.finish("t-\(number)", Fleet.message(.stop, "t-\(number)", game: "g\(number)"))
                }
                try await fleet.untilPublished(Array(ended.prefix(2)))
                #expect(Set(try await fleet.containers()) == Set(ended.suffix(2) + [running.containerID ?? ""]))
                let events = try await fleet.events(ofGame: "g0")
                #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
            }
        }

        @Test("removes nothing in a dry run")
        func dryRun() async throws {
            try await Fleet.with(settings: settings("dry-run"), world: try #require(EngineWorld.current)) { fleet in
                let leftover = try await fleet.createByHand(game: "left")
                try await fleet.workers[0].untilItSays("no job explains")
                #expect(try await fleet.containers() == [leftover])
            }
        }

        @Test("stops and removes unexplained containers if the settings allow, and publishes all their events")
        func removes() async throws {
            try await Fleet.with(settings: settings("remove"), world: try #require(EngineWorld.current)) { fleet in
                let game = try await fleet.finish("s", fleet.start("s", game: "runs"))
                let id = try await fleet.runByHand(game: "stray")
                try await eventually("the stray container to be removed", within: .seconds(60), until: { $0 == nil }) {
                    try await fleet.world.engine.inspect(id.text)
                }
                let events = try await fleet.events(ofGame: "stray", until: ["started", "exited", "removed"])
                #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
                #expect(try await fleet.containers() == [game.containerID])
            }
        }
    }
}

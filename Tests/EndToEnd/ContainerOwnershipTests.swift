import Foundation
import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("The ownership of containers", .engineWorld, .timeLimit(.minutes(5)))
    struct ContainerOwnershipTests {
        /// An image as `docker commit` makes it of a container of ours.
        private func committed(_ fleet: Fleet, game: GameID) async throws -> String {
            let id = try #require(try await fleet.finish("make", fleet.start("make", game: game)).containerID)
            let image = "\(fleet.world.prefix)-forged:1"
            try await fleet.world.engine.docker("commit", id.text, image)
            _ = try await fleet.finish("clear", Fleet.message(.remove, "clear", game: game, #""force":true"#))
            return image
        }

        private func runByOther(_ fleet: Fleet, _ image: String, _ more: [String]) async throws -> ContainerID {
            let text = try await fleet.world.engine.docker(
                ["run", "--detach", "--init", "--network", "none"] + more + [image]
            )
            return ContainerID(text.trimmingCharacters(in: .whitespacesAndNewlines))
        }

        @Test("a foreign container is neither published nor touched, even if its image has our labels")
        func inheritedLabels() async throws {
            let settings = ["RTM_JANITOR": "remove", "RTM_JANITOR_GRACE_SECONDS": "2"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let image = try await committed(fleet, game: "a")
                let name = fleet.containerName("a")
                let random = try await runByOther(fleet, image, ["--name", "\(fleet.namePrefix)other"])
                let namesake = try await runByOther(fleet, image, ["--name", name, "--hostname", name])
                let brief = try await runByOther(
                    fleet,
                    image,
                    ["--name", "\(fleet.namePrefix)brief", "--hostname", "b"]
                )
                try await fleet.world.engine.docker("rm", "--force", brief.text)
                // The janitor has looked at all of them when it has removed this one.
                let stray = try await fleet.runByHand(game: "stray")
                try await fleet.untilPublished([stray])
                #expect(Set(try await fleet.containers(all: false)) == [random, namesake])
                for (id, message) in [
                    ("s" as JobID, fleet.start("s", game: "a")), ("t", Fleet.message(.stop, "t", game: "a")),
                    ("r", Fleet.message(.remove, "r", game: "a", #""force":true"#)),
                ] {
                    expect(try await fleet.finish(id, message), failed: "name_conflict")
                }
                #expect(Set(try await fleet.containers(all: false)) == [random, namesake])
                try await fleet.world.engine.docker("rm", "--force", namesake.text)
                let started = try await fleet.finish("s-2", fleet.start("s-2", game: "a"))
                #expect(started.effect == .started)
                try await fleet.events(ofGame: "a", until: ["started", "exited", "removed", "started"])
                let published = Set(try await fleet.events().compactMap { $0["container_id"].map { ContainerID($0) } })
                #expect(published.isDisjoint(with: [random, namesake, brief]))
            }
        }

        @Test("a start of an image with one of our labels is refused, with the label's name")
        func refusedImage() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(world: world) { fleet in
                let label = ["com.galaxy.job_id": "x"]
                let image = "\(world.prefix)-claims:1"
                try await TestImage.make(image, on: world.engine, labels: label)
                let result = try await fleet.finish("c", fleet.start("c", game: "g", image: image))
                expect(result, failed: "start_failed")
                #expect(result.error?.contains("com.galaxy.job_id") == true)
                #expect(try await fleet.containers().isEmpty)
            }
        }

        @Test("jobs find a renamed container, and its endpoint still has its hostname")
        func renamed() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.finish("n-1", fleet.start("n-1", game: "g", #""env":{"A":"1"}"#))
                let id = try #require(first.containerID)
                try await fleet.world.engine.docker("rename", id.text, "\(fleet.namePrefix)renamed")
                let same = try await fleet.finish("n-2", fleet.start("n-2", game: "g", #""env":{"A":"1"}"#))
                #expect(same.effect == .alreadyRunning && same.containerID == id)
                #expect(same.engineEndpoint == first.engineEndpoint)
                #expect(same.fields["container_name"] == "\(fleet.namePrefix)renamed")
                expect(try await fleet.finish("n-3", fleet.start("n-3", game: "g")), failed: "name_conflict")
                #expect(try await fleet.containers() == [id])
                let restarted = try await fleet.finish("n-4", Fleet.message(.restart, "n-4", game: "g"))
                #expect(restarted.effect == .started && restarted.containerID != id)
                #expect(try await fleet.containers() == [restarted.containerID])
                let next = try #require(restarted.containerID)
                try await fleet.world.engine.docker("rename", next.text, "\(fleet.namePrefix)renamed")
                let stopped = try await fleet.finish("n-5", Fleet.message(.stop, "n-5", game: "g"))
                #expect(stopped.effect == .stopped && stopped.containerID == next)
                let removed = try await fleet.finish("n-6", Fleet.message(.remove, "n-6", game: "g"))
                #expect(removed.effect == .removed && removed.containerID == next)
                #expect(try await fleet.containers().isEmpty)
                try await fleet.untilPublished([id, next])
            }
        }

        @Test("a worker with a new name prefix finds the containers with the old prefix")
        func otherPrefix() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.finish("p-1", fleet.start("p-1", game: "g"))
                fleet.workers[0].process.signal(SIGTERM)
                _ = await fleet.workers[0].process.waitForExit()
                try await fleet.startWorker(["RTM_NAME_PREFIX": "\(fleet.namePrefix)new-"])
                let same = try await fleet.finish("p-2", fleet.start("p-2", game: "g"))
                #expect(same.effect == .alreadyRunning && same.engineEndpoint == first.engineEndpoint)
                #expect(try await fleet.finish("p-3", Fleet.message(.stop, "p-3", game: "g")).effect == .stopped)
                let second = try await fleet.finish("p-4", fleet.start("p-4", game: "g"))
                #expect(second.effect == .started)
                #expect(second.fields["container_name"] == "\(fleet.namePrefix)new-g")
                #expect(try await fleet.containers() == [second.containerID])
            }
        }
    }
}

import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("A restart", .engineWorld, .timeLimit(.minutes(10)))
    struct RestartTests {
        @Test("stops, removes and starts the game with the fields of the last start, or with its own")
        func replaces() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let message = fleet.start(
                    "s",
                    game: "g",
                    #""env":{"A":"1"},"labels":{"team":"blue"},"limits":{"memory":"64m"}"#
                )
                let first = try await fleet.finish("s", message)
                let again = try await fleet.finish("r-1", Fleet.message(.restart, "r-1", game: "g"))
                #expect(again.outcome == .succeeded && again.effect == .started)
                #expect(again.containerID != first.containerID)
                #expect(try await fleet.containers() == [again.containerID])
                var shown = try #require(try await fleet.world.engine.inspect(fleet.containerName("g")))
                #expect(shown.Config.Env?.contains("A=1") == true && shown.Config.Labels?["team"] == "blue")
                #expect(shown.HostConfig.Memory == 64 << 20)
                #expect(shown.Config.Labels?["com.galaxy.job_id"] == "r-1")

                let changed = Fleet.message(.restart, "r-2", game: "g", #""env":{"B":"2"}"#)
                #expect(try await fleet.finish("r-2", changed).effect == .started)
                shown = try #require(try await fleet.world.engine.inspect(fleet.containerName("g")))
                #expect(shown.Config.Env?.contains("B=2") == true && shown.Config.Env?.contains("A=1") == false)
                #expect(shown.Config.Labels?["team"] == "blue" && shown.HostConfig.Memory == 64 << 20)

                let kinds = ["started", "exited", "removed", "started", "exited", "removed", "started"]
                let events = try await fleet.events(ofGame: "g", until: kinds)
                #expect(events.map { $0["event"] } == kinds)
                #expect(events.filter { $0["event"] == "exited" }.map { $0["reason"] } == ["stopped", "stopped"])
                #expect(events.map { $0["job_id"] } == ["s", "s", "s", "r-1", "r-1", "r-1", "r-2"])
            }
        }

        @Test("of an unknown game needs an image; a missing image leaves the game running")
        func failures() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let never = try await fleet.finish("n", Fleet.message(.restart, "n", game: "new"))
                #expect(never.outcome == .failed && never.errorCode == "container_not_found")
                let image = #""image":"\#(fleet.world.image)","pull_policy":"never""#
                let first = try await fleet.finish("i", Fleet.message(.restart, "i", game: "new", image))
                #expect(first.effect == .started)
                let absent = #""image":"\#(fleet.world.prefix)-none:1""#
                let failed = try await fleet.finish("f", Fleet.message(.restart, "f", game: "new", absent))
                #expect(failed.outcome == .failed && failed.errorCode == "image_not_found")
                #expect(try await fleet.containers(all: false) == [first.containerID])
                // The game keeps its node and its place, and is stopped like any other.
                #expect(try await fleet.finish("t", Fleet.message(.stop, "t", game: "new")).effect == .stopped)
            }
        }

        @Test("is finished by another worker, once, wherever its worker dies", arguments: RestartStrike.allCases)
        func killed(_ strike: RestartStrike) async throws {
            let settings = ["RTM_LEASE_TTL_SECONDS": "3"]
            try await Fleet.with(workers: 2, settings: settings, world: try #require(EngineWorld.current)) { fleet in
                // It ignores SIGTERM, so that there is time to strike while it is stopped.
                let first = try await fleet.finishStubborn("s", game: "g")
                let restart = Fleet.message(.restart, "r", game: "g", #""stop_timeout_seconds":1"#)
                try await fleet.push(restart)
                let victim = try await fleet.runner(of: "r")
                try await strike.arrives(fleet, first: try #require(first.containerID))
                await victim.kill9()
                let result = try await fleet.result(of: "r")
                #expect(result.effect == .started, "\(result.error ?? "")")
                #expect(result.containerID != first.containerID)
                #expect(try await fleet.containers() == [result.containerID])
                #expect(try await fleet.results(of: "r").count == 1)
                // Each container has its own story; a new leader may tell them one after the other.
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited", "removed", "started"])
                let ofFirst = events.filter { $0["container_id"] == first.containerID?.text }
                #expect(ofFirst.map { $0["event"] } == ["started", "exited", "removed"])
                #expect(ofFirst.first { $0["event"] == "exited" }?["reason"]?.hasPrefix("stopped") == true)
                let ofSecond = events.filter { $0["container_id"] == result.containerID?.text }
                #expect(ofSecond.map { $0["event"] } == ["started"])
            }
        }
    }

    /// The network of this suite's world goes, so no other test can run in this world.
    @Suite("A restart without its network", .engineWorld, .timeLimit(.minutes(10)))
    struct NetworkGoneTests {
        @Test("leaves the game running if its network is gone")
        func networkGone() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.finish("s", fleet.start("s", game: "g"))
                #expect(first.effect == .started)
                let world = fleet.world
                try await world.engine.docker(
                    "network",
                    "disconnect",
                    "--force",
                    world.network,
                    fleet.containerName("g")
                )
                try await world.engine.docker("network", "rm", world.network)
                let failed = try await fleet.finish("r", Fleet.message(.restart, "r", game: "g"))
                #expect(failed.errorCode == "network_missing")
                #expect(try await fleet.containers(all: false) == [first.containerID])
            }
        }
    }
}

/// When, in a restart, its worker is struck.
enum RestartStrike: String, CaseIterable, CustomTestStringConvertible {
    case stopping, stopped, removed, started

    var testDescription: String { rawValue }

    /// Waits for the moment.
    func arrives(_ fleet: Fleet, first: ContainerID) async throws {
        let name = fleet.containerName("g")
        try await eventually(
            "the restart to come to \(rawValue)",
            until: { shown in
                switch self {
                case .stopping: shown?.Id == first.text
                case .stopped: shown?.Id != first.text || shown?.State.Status != "running"
                case .removed: shown?.Id != first.text
                case .started: shown.map { $0.Id != first.text && $0.State.Status == "running" } ?? false
                }
            }
        ) {
            try await fleet.world.engine.inspect(name)
        }
    }
}

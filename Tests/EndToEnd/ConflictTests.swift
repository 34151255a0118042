import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("Jobs whose container is in an unexpected state", .engineWorld, .timeLimit(.minutes(5)))
    struct ConflictTests {
        @Test("a start equal to the running game changes nothing; a different start is refused")
        func startOfWhatRuns() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.finish("s-1", fleet.start("s-1", game: "g", #""env":{"A":"1"}"#))
                let same = try await fleet.finish("s-2", fleet.start("s-2", game: "g", #""env":{"A":"1"}"#))
                #expect(same.outcome == .succeeded)
                #expect(same.effect == .alreadyRunning)
                for field in ["container_id", "container_name", "engine_endpoint", "started_at"] {
                    #expect(same.fields[field] == first.fields[field] && same.fields[field] != nil)
                }
                let other = try await fleet.finish("s-3", fleet.start("s-3", game: "g", #""env":{"A":"2"}"#))
                expect(other, failed: "name_conflict")
                #expect(try await fleet.containers() == [first.containerID])
                #expect(try await fleet.events(ofGame: "g", until: ["started"]).count == 1)
                #expect(try await fleet.deadLetters().isEmpty)
            }
        }

        @Test("a start replaces an exited container")
        func exitedIsReplaced() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.finish("x-1", fleet.start("x-1", game: "g"))
                _ = try await fleet.finish("x-2", Fleet.message(.stop, "x-2", game: "g"))
                let second = try await fleet.finish("x-3", fleet.start("x-3", game: "g"))
                #expect(second.effect == .started)
                #expect(second.containerID != first.containerID)
                #expect(try await fleet.containers() == [second.containerID])
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited", "removed", "started"])
                let ofFirst = events.filter { $0["container_id"] == first.containerID?.text }.map { $0["event"] }
                #expect(ofFirst == ["started", "exited", "removed"])
                #expect(events.last?["container_id"] == second.containerID?.text)
            }
        }

        @Test("the next start sees that an image changed or disappeared")
        func imageThatChanges() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(world: world) { fleet in
                let image = "\(world.prefix)-changing:1"
                try await TestImage.make(image, on: world.engine)
                #expect(try await fleet.finish("c-1", fleet.start("c-1", game: "a", image: image)).effect == .started)
                try await TestImage.make(image, on: world.engine, labels: ["com.galaxy.port": "9000"])
                let second = try await fleet.finish("c-2", fleet.start("c-2", game: "b", image: image))
                #expect(second.effect == .started)
                #expect(second.engineEndpoint == "http://\(fleet.containerName("b")):9000")
                // The one that the reference named before was made and undone.
                let events = try await fleet.events(ofGame: "b", until: ["started", "exited", "removed", "started"])
                #expect(events.last?["container_id"] == second.containerID?.text)
                try await world.engine.docker("rmi", "--force", image)
                let third = try await fleet.finish("c-3", fleet.start("c-3", game: "c", image: image))
                expect(third, failed: "image_not_found")
            }
        }

        @Test("a game that exits at once fails the start, and its container stays for the logs")
        func endsAtOnce() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let message = fleet.start("f-1", game: "g", image: fleet.world.endingImage)
                let result = try await fleet.finish("f-1", message)
                // The look after the start may come before the end: then the exit is told by its event alone.
                if result.outcome == .failed {
                    expect(result, failed: "start_failed")
                    #expect(try await fleet.deadLetters().count == 1)
                } else {
                    #expect(result.effect == .started)
                }
                _ = try await fleet.events(ofGame: "g", until: ["started", "exited"])
                let shown = try #require(try await fleet.world.engine.inspect(fleet.containerName("g")))
                #expect(shown.State.Status == "exited")
                #expect(shown.State.ExitCode == 3)
                #expect(result.containerID?.text == shown.Id)
                let removal = try await fleet.finish("f-2", Fleet.message(.remove, "f-2", game: "g"))
                #expect(removal.effect == .removed)
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited", "removed"])
                #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
                #expect(events[1]["exit_code"] == "3")
                #expect(events[1]["reason"] == "crashed")
            }
        }

        @Test("a missing image or network fails the start and leaves nothing behind")
        func missing() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(world: world) { fleet in
                let image = "\(world.prefix)-no-such:1"
                expect(
                    try await fleet.finish("i-1", fleet.start("i-1", game: "g", image: image)),
                    failed: "image_not_found"
                )
                #expect(try await fleet.containers().isEmpty)
            }
            try await Fleet.with(settings: ["RTM_NETWORK": "\(world.prefix)-no-such"], world: world) { fleet in
                expect(try await fleet.finish("n-1", fleet.start("n-1", game: "g")), failed: "network_missing")
                #expect(try await fleet.containers().isEmpty)
            }
        }

        @Test("stop and remove handle a missing, a stopped and a running container")
        func endings() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                #expect(try await fleet.finish("e-1", Fleet.message(.stop, "e-1", game: "g")).effect == .alreadyAbsent)
                #expect(
                    try await fleet.finish("e-2", Fleet.message(.remove, "e-2", game: "g")).effect == .alreadyAbsent
                )
                let id = try await fleet.finish("e-3", fleet.start("e-3", game: "g")).containerID
                let refused = try await fleet.finish("e-4", Fleet.message(.remove, "e-4", game: "g"))
                expect(refused, failed: "container_running")
                #expect(try await fleet.containers(all: false) == [id])
                #expect(try await fleet.finish("e-5", Fleet.message(.stop, "e-5", game: "g")).effect == .stopped)
                let again = try await fleet.finish("e-6", Fleet.message(.stop, "e-6", game: "g"))
                #expect(again.effect == .alreadyStopped)
                #expect(again.containerID == id)
                #expect(try await fleet.finish("e-7", Fleet.message(.remove, "e-7", game: "g")).effect == .removed)
                _ = try await fleet.finish("e-8", fleet.start("e-8", game: "g"))
                let force = Fleet.message(.remove, "e-9", game: "g", #""force":true"#)
                #expect(try await fleet.finish("e-9", force).effect == .removed)
                #expect(try await fleet.containers().isEmpty)
                let kinds = ["started", "exited", "removed"]
                let events = try await fleet.events(ofGame: "g", until: kinds + kinds)
                #expect(events.map { $0["event"] } == kinds + kinds)
                #expect(events.compactMap { $0["reason"] } == ["stopped", "stopped"])
            }
        }

        @Test("a game that ignores SIGTERM is killed after the job's time-out")
        func stubborn() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                try await fleet.finishStubborn("k-1", game: "g")
                let stop = Fleet.message(.stop, "k-2", game: "g", #""stop_timeout_seconds":1"#)
                let result = try await fleet.finish("k-2", stop)
                #expect(result.effect == .stopped)
                #expect(result.fields["forced"] == "true")
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited"])
                #expect(events.last?["reason"] == "stopped_forced")
                #expect(events.last?["exit_code"] == "137")
            }
        }

        @Test("stop and remove do nothing if their guard names another container")
        func guarded() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let id = try #require(try await fleet.finish("g-1", fleet.start("g-1", game: "g")).containerID)
                let stale = #""container_id":"\#(String(repeating: "a", count: 64))""#
                let stop = try await fleet.finish("g-2", Fleet.message(.stop, "g-2", game: "g", stale))
                expect(stop, failed: "stale_container")
                let remove = Fleet.message(.remove, "g-3", game: "g", stale + #","force":true"#)
                expect(try await fleet.finish("g-3", remove), failed: "stale_container")
                #expect(try await fleet.containers(all: false) == [id])
                #expect(try await fleet.deadLetters().isEmpty)
                let fitting = Fleet.message(.stop, "g-4", game: "g", #""container_id":"\#(id)""#)
                #expect(try await fleet.finish("g-4", fitting).effect == .stopped)
            }
        }

        @Test(
            "a job never touches a foreign container with the game's name",
            arguments: [JobKind.start, .stop, .remove]
        )
        func foreign(_ kind: JobKind) async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let name = fleet.containerName("g")
                try await fleet.world.engine.docker(
                    "run",
                    "--detach",
                    "--name",
                    name,
                    "--network",
                    fleet.world.network,
                    fleet.world.image
                )
                let before = try #require(try await fleet.world.engine.inspect(name))
                let message =
                    switch kind {
                    case .start: fleet.start("o-1", game: "g")
                    case .stop, .restart: Fleet.message(.stop, "o-1", game: "g")
                    case .remove: Fleet.message(.remove, "o-1", game: "g", #""force":true"#)
                    }
                expect(try await fleet.finish("o-1", message), failed: "name_conflict")
                let after = try #require(try await fleet.world.engine.inspect(name))
                #expect(after.Id == before.Id)
                #expect(after.State.Status == "running")
                #expect(after.State.StartedAt == before.State.StartedAt)
                #expect(try await fleet.events().isEmpty)
            }
        }
    }
}

/// Expects a result that failed with `code`, changed nothing, and says why.
func expect(_ result: JobResult, failed code: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(result.outcome == .failed, sourceLocation: sourceLocation)
    #expect(result.effect == JobEffect.none, sourceLocation: sourceLocation)
    #expect(result.errorCode == code, "\(result.error ?? "")", sourceLocation: sourceLocation)
    #expect(result.error?.isEmpty == false, sourceLocation: sourceLocation)
}

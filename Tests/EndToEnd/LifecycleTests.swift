import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("The lifecycle of a game", .engineWorld, .timeLimit(.minutes(5)))
    struct LifecycleTests {
        @Test("start, stop and remove publish the results and events of the contract")
        func lifecycle() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let more =
                    #""labels":{"team":"blue"},"enqueued_at":"2026-01-02T03:04:05Z","#
                    + #""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01""#
                let start = try await fleet.finish("a-1", fleet.start("a-1", game: "lobby", more))
                let id = try #require(start.containerID)
                try checkStart(start, fleet)
                #expect(start.fields["node"] == (try await fleet.node().text))
                try await fleet.events(ofGame: "lobby", until: ["started"])

                let stop = try await fleet.finish("a-2", Fleet.message(.stop, "a-2", game: "lobby"))
                let remove = try await fleet.finish("a-3", Fleet.message(.remove, "a-3", game: "lobby"))
                for (result, effect) in [(stop, "stopped"), (remove, "removed")] {
                    #expect(result.fields["outcome"] == "succeeded")
                    #expect(result.fields["effect"] == effect)
                    #expect(result.containerID == id)
                    #expect(result.fields["container_name"] == fleet.containerName("lobby"))
                    #expect(result.fields["forced"] == nil)
                    #expect(result.fields["engine_endpoint"] == nil)
                }
                let events = try await fleet.events(ofGame: "lobby", until: ["started", "exited", "removed"])
                try await checkEvents(events, start, fleet)
                #expect(try await fleet.results().map(\.jobID) == ["a-1", "a-2", "a-3"])
                #expect(try await fleet.containers().isEmpty)
                #expect(try await fleet.record(of: "a-1")["state"] == "done")
            }
        }

        private func checkStart(_ result: JobResult, _ fleet: Fleet) throws {
            let fields = result.fields
            #expect(fields["v"] == "1")
            #expect(fields["job_id"] == "a-1")
            #expect(fields["kind"] == "start")
            #expect(fields["game_id"] == "lobby")
            #expect(fields["outcome"] == "succeeded")
            #expect(fields["effect"] == "started")
            #expect(fields["error_code"] == nil && fields["error"] == nil && fields["run"] == nil)
            #expect(fields["container_id"]?.count == 64)
            #expect(fields["container_name"] == fleet.containerName("lobby"))
            #expect(fields["engine_endpoint"] == "http://\(fleet.containerName("lobby")):8080")
            #expect(fields["attempts"] == "1")
            #expect(fields["worker"].map { fleet.workers[0].isWorker($0) } == true)
            #expect(fields["enqueued_at"] == "2026-01-02T03:04:05Z")
            #expect(fields["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            let times = ["taken_at", "started_at", "finished_at"].map { fields[$0].flatMap { Timestamp(rfc3339: $0) } }
            let taken = try #require(times[0])
            let finished = try #require(times[2])
            #expect(times[1] != nil)
            #expect(taken <= finished)
            #expect(["taken_at", "started_at", "finished_at"].allSatisfy { fields[$0]?.hasSuffix("Z") == true })
        }

        private func checkEvents(_ events: [[String: String]], _ start: JobResult, _ fleet: Fleet) async throws {
            #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
            #expect(events.map { $0["action"] } == ["start", "die", "destroy"])
            #expect(events.map { $0["reason"] } == [nil, "stopped", nil])
            let node = try await fleet.node()
            for event in events {
                #expect(event["v"] == "1")
                #expect(event["source"] == "docker")
                #expect(event["container_id"] == start.containerID?.text)
                #expect(event["container_name"] == fleet.containerName("lobby"))
                #expect(event["game_id"] == "lobby")
                #expect(event["job_id"] == "a-1")
                #expect(event["image"] == fleet.world.image)
                #expect(event["node"] == node.text)
                #expect(event["epoch"].flatMap { Int64($0) } != nil)
                #expect(event["epoch"] == events[0]["epoch"])
                #expect(event["occurred_at"].flatMap { Timestamp(rfc3339: $0) } != nil)
                let labels = try #require(event["labels"].flatMap(JSONText.strings))
                #expect(labels == ["team": "blue"])
            }
            let exited = events[1]
            // The init process passes SIGTERM on, of which the engine dies.
            #expect(exited["exit_code"] == "143")
            #expect(exited["oom_killed"] == "false")
            #expect(events[0]["started_at"] == start.fields["started_at"])
            #expect(exited["started_at"] == start.fields["started_at"])
            #expect(exited["finished_at"].flatMap { Timestamp(rfc3339: $0) } != nil)
            #expect(events[0]["exit_code"] == nil && events[2]["exit_code"] == nil)
        }

        @Test("a second message with the same id is dropped, never run")
        func duplicates() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let message = fleet.start("d-1", game: "twice")
                try await fleet.push(message, message)
                _ = try await fleet.result(of: "d-1")
                try await fleet.push(message)
                // Behind it in the queue: when it has ended, the double has been seen.
                _ = try await fleet.finish("d-2", Fleet.message(.stop, "d-2", game: "twice"))
                #expect(try await fleet.results().map(\.jobID) == ["d-1", "d-2"])
                #expect(try await fleet.containers().count == 1)
            }
        }

        @Test(
            "the exit of a container by itself is published with its reason",
            arguments: [(0, "completed"), (3, "crashed")]
        )
        func endsByItself(_ code: Int, _ reason: String) async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let command = #""cmd":["/bin/busybox","sh","-c","/bin/busybox sleep 1; exit \#(code)"]"#
                let start = try await fleet.finish("e-1", fleet.start("e-1", game: "short", command))
                #expect(start.effect == .started)
                let events = try await fleet.events(ofGame: "short", until: ["started", "exited"])
                #expect(events.map { $0["event"] } == ["started", "exited"])
                #expect(events.last?["exit_code"] == "\(code)")
                #expect(events.last?["reason"] == reason)
            }
        }
    }
}

import JobContract
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    @Suite("The shutdown of a worker", .tags(.timing), .engineWorld, .timeLimit(.minutes(10)))
    struct ShutdownTests {
        @Test("after SIGTERM during a start, the start ends, the worker exits with 0, another continues")
        func duringStart() async throws {
            try await Fleet.with(workers: 2, world: try #require(EngineWorld.current)) { fleet in
                try await fleet.push(fleet.start("t-1", game: "g"))
                let ending = try await fleet.runner(of: "t-1")
                ending.terminate()
                let others = try await fleet.finish("t-2", fleet.start("t-2", game: "h"), within: .seconds(5))
                #expect(others.effect == .started)
                #expect(others.fields["worker"].map(ending.isWorker) == false)
                #expect(await ending.process.waitForExit(atMost: .seconds(10)) == 0)
                let result = try await fleet.result(of: "t-1")
                #expect(result.effect == .started)
                #expect(result.fields["attempts"] == "1")
                #expect(try await fleet.results(of: "t-1").count == 1)
                #expect(try await fleet.containers(all: false).count == 2)
            }
        }

        @Test("a job that outlasts the drain time is released without using up an attempt")
        func givesBack() async throws {
            let settings = ["RTM_DRAIN_TIMEOUT_SECONDS": "1"]
            try await Fleet.with(workers: 2, settings: settings, world: try #require(EngineWorld.current)) { fleet in
                try await fleet.finishStubborn("b-1", game: "g")
                try await fleet.push(Fleet.message(.stop, "b-2", game: "g", #""stop_timeout_seconds":4"#))
                let ending = try await fleet.runner(of: "b-2")
                ending.terminate()
                #expect(await ending.process.waitForExit(atMost: .seconds(4)) == 0)
                let next = try await fleet.runner(of: "b-2", within: .seconds(3))
                #expect(next.process.pid != ending.process.pid)
                let result = try await fleet.result(of: "b-2")
                #expect(result.effect == .stopped)
                #expect(result.fields["attempts"] == "1")
                #expect(try await fleet.results(of: "b-2").count == 1)
            }
        }

        @Test("a second signal ends the worker at once; after its lease another worker continues")
        func secondSignal() async throws {
            let settings = ["RTM_LEASE_TTL_SECONDS": "3"]
            try await Fleet.with(workers: 2, settings: settings, world: try #require(EngineWorld.current)) { fleet in
                try await fleet.finishStubborn("c-1", game: "g")
                try await fleet.push(Fleet.message(.stop, "c-2", game: "g", #""stop_timeout_seconds":3"#))
                let ending = try await fleet.runner(of: "c-2")
                ending.terminate()
                try await ending.untilItSays("ending: waiting for the running jobs")
                ending.terminate()
                #expect(await ending.process.waitForExit(atMost: .seconds(3)) == 143)
                let result = try await fleet.result(of: "c-2")
                #expect(result.outcome == .succeeded)
                #expect(result.fields["worker"].map(ending.isWorker) == false)
            }
        }

        @Test("an idle worker exits with 0 at once on SIGTERM and SIGINT", arguments: [15, 2] as [Int32])
        func idle(_ signal: Int32) async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let worker = fleet.workers[0]
                worker.process.signal(signal)
                #expect(await worker.process.waitForExit(atMost: .seconds(4)) == 0)
            }
        }

        /// The bounds count from the leader's end to the event of an exit that comes with it.
        @Test(
            "events continue when the leader ends",
            arguments: [("SIGTERM", Duration.seconds(2)), ("SIGKILL", .seconds(7))]
        )
        func leader(_ signal: String, _ limit: Duration) async throws {
            try await Fleet.with(workers: 2, world: try #require(EngineWorld.current)) { fleet in
                let start = try await fleet.finish("l-1", fleet.start("l-1", game: "g"))
                try await fleet.events(ofGame: "g", until: ["started"])
                let holder = try await Self.leader(fleet)
                let leader = try #require(fleet.workers.first { $0.isWorker(holder) })
                let begin = ContinuousClock.now
                leader.process.signal(signal == "SIGTERM" ? 15 : 9)
                try await fleet.world.engine.docker("kill", try #require(start.containerID).text)
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited"])
                let took = begin.duration(to: .now)
                #expect(took <= limit)
                #expect(events.map { $0["event"] } == ["started", "exited"])
                #expect(events[1]["reason"] == "killed")
                #expect(events[1]["exit_code"] == "137")
                let epochs = events.compactMap { $0["epoch"].flatMap { Int64($0) } }
                #expect(epochs.count == 2 && epochs[0] <= epochs[1])
                #expect(try await Self.leader(fleet) != holder)
            }
        }

        static func leader(_ fleet: Fleet) async throws -> String {
            let key = fleet.keys.leader(try await fleet.node())
            return try await fleet.client.send(RedisCommand("HGET", .string(key), "holder")).string ?? ""
        }
    }
}

import JobContract
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    @Suite("An outage of Redis", .tags(.timing), .engineWorld, .timeLimit(.minutes(10)))
    struct RedisOutageTests {
        static let persistence = ["--appendonly", "yes", "--appendfsync", "always"]

        @Test("workers continue within 5 s after a restart of Redis, and nothing is lost")
        func restart() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(workers: 2, redisArguments: Self.persistence, world: world) { fleet in
                _ = try await fleet.finish("before", fleet.start("before", game: "before"))
                let games = (0..<6).map { "g\($0)" as GameID }
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

        @Test("a freeze beyond the trust window during a job fails no job")
        func frozen() async throws {
            let settings = ["RTM_LEASE_TTL_SECONDS": "3"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let start = try await fleet.finishStubborn("s", game: "g")
                let remove = Fleet.message(.remove, "r", game: "g", #""force":true,"stop_timeout_seconds":4"#)
                try await fleet.push(remove)
                let id = try #require(start.containerID)
                try await untilEndIsAsked(of: id, in: fleet)
                fleet.redis.suspend()
                // When the process has been killed, the worker may not remove the container any more.
                try await eventually(
                    "the end of the process",
                    within: .seconds(20),
                    until: { $0?.State.Status == "exited" }
                ) {
                    try await fleet.world.engine.inspect(id.text)
                }
                try await fleet.workers[0].untilItSays("giving the job back", within: .seconds(40))
                fleet.redis.resume()
                let result = try await fleet.result(of: "r")
                #expect(result.effect == .removed, "\(result.error ?? "")")
                #expect(try await fleet.containers().isEmpty)
            }
        }

        /// Waits until a job has said that it is about to tell the Engine to end the container. One that cannot say so
        /// does not go on.
        private func untilEndIsAsked(of container: ContainerID, in fleet: Fleet) async throws {
            let intents = RedisArgument.string(fleet.keys.intents(try await fleet.node()))
            try await eventually("the stop to begin", until: { $0 == 1 }) {
                try await fleet.client.send(RedisCommand("HEXISTS", intents, .string(container.text))).integer
            }
        }

        @Test("a worker ends on SIGTERM while Redis is away")
        func awayAtTheEnd() async throws {
            let settings = ["RTM_DRAIN_TIMEOUT_SECONDS": "1"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let start = try await fleet.finishStubborn("s", game: "g")
                try await fleet.push(Fleet.message(.stop, "t", game: "g", #""stop_timeout_seconds":2"#))
                let worker = try await fleet.runner(of: "t")
                try await untilEndIsAsked(of: try #require(start.containerID), in: fleet)
                await fleet.redis.kill9()
                try await worker.untilItSays("Redis did not take what became of the job", within: .seconds(30))
                worker.terminate()
                #expect(await worker.process.waitForExit(atMost: .seconds(15)) == 0)
                // It says it now and then, not as fast as it can.
                let complaints = worker.process.log.split(separator: "\n").count { $0.contains("Redis did not take") }
                #expect(complaints < 100, "\(complaints) complaints")
                try await fleet.redis.restart()
            }
        }

        @Test("a worker that was idle during the outage takes the first job afterwards")
        func idle() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(redisArguments: Self.persistence, world: world) { fleet in
                // In a young namespace a stop waits for nodes that may still come.
                _ = try await fleet.finish("before", Fleet.message(.stop, "before", game: "g"))
                for round in 0..<3 {
                    await fleet.redis.kill9()
                    try await fleet.redis.restart()
                    let begin = ContinuousClock.now
                    let id: JobID = "i-\(round)"
                    #expect(try await fleet.finish(id, Fleet.message(.stop, id, game: "g")).effect == .alreadyAbsent)
                    #expect(begin.duration(to: .now) <= .seconds(5))
                }
                #expect(fleet.workers[0].process.isRunning)
            }
        }
    }
}

import JobContract
import Logging
import Redis
import Support
import Testing

extension Deployment {
    @Suite("Problems with Redis", .tags(.timing), .engineWorld, .timeLimit(.minutes(10)))
    struct RedisTroubleTests {
        /// A stop of nothing, from push to result.
        private func roundTrip(_ fleet: Fleet, _ id: JobID) async throws -> Duration {
            let begin = ContinuousClock.now
            let result = try await fleet.finish(
                id,
                Fleet.message(.stop, id, game: GameID(id.text)),
                within: .seconds(20)
            )
            #expect(result.effect == .alreadyAbsent)
            return begin.duration(to: .now)
        }

        @Test("workers continue after FUNCTION FLUSH and after killed connections")
        func flushAndKill() async throws {
            try await Fleet.with(workers: 2, world: try #require(EngineWorld.current)) { fleet in
                _ = try await roundTrip(fleet, "before")
                _ = try await fleet.client.send(RedisCommand("FUNCTION", "FLUSH"))
                #expect(try await roundTrip(fleet, "flushed") < .seconds(3))
                for round in 0..<3 {
                    _ = try await fleet.client.send(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
                    #expect(try await roundTrip(fleet, "killed-\(round)") < .seconds(5))
                }
            }
        }

        @Test("workers wait again after a failover ended their blocking commands (UNBLOCKED)")
        func unblocked() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                _ = try await roundTrip(fleet, "before")
                for round in 0..<3 {
                    let list =
                        try await fleet.client.send(RedisCommand("CLIENT", "LIST", "TYPE", "NORMAL")).string ?? ""
                    let waiting = list.split(separator: "\n").filter {
                        $0.contains("name=rtmanager-wake") || $0.contains("name=rtmanager-bell")
                    }
                    #expect(!waiting.isEmpty)
                    for line in waiting {
                        let id = line.split(separator: " ").first.map { String($0.dropFirst("id=".count)) } ?? ""
                        _ = try await fleet.client.send(RedisCommand("CLIENT", "UNBLOCK", .string(id), "ERROR"))
                    }
                    #expect(try await roundTrip(fleet, "unblocked-\(round)") < .seconds(5))
                }
            }
        }

        @Test("workers reconnect after a cut connection, and within 5 s after a silent network returns")
        func cutAndSilent() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(workers: 0, world: world) { fleet in
                try await TCPProxy.with(to: fleet.redis.port) { proxy in
                    try await fleet.startWorker(["RTM_REDIS_URL": "redis://127.0.0.1:\(proxy.port)"])
                    _ = try await roundTrip(fleet, "before")
                    proxy.cut()
                    let took = try await roundTrip(fleet, "cut")
                    #expect(took < .seconds(5), "\(took)")
                    proxy.silence()
                    try await fleet.push(Fleet.message(.stop, "silent", game: "silent"))
                    try await fleet.workers[0].untilItSays("Redis is out of reach", within: .seconds(20))
                    proxy.heal()
                    let begin = ContinuousClock.now
                    #expect(try await fleet.result(of: "silent").effect == .alreadyAbsent)
                    #expect(begin.duration(to: .now) < .seconds(5))
                }
            }
        }

        @Test("workers leave a server that became a replica, and return when it is master again")
        func failover() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                _ = try await roundTrip(fleet, "before")
                // Its own data stay as long as it cannot reach the server that it is told to follow.
                _ = try await fleet.client.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
                try await fleet.workers[0].untilItSays("READONLY")
                _ = try await fleet.client.send(RedisCommand("REPLICAOF", "NO", "ONE"))
                #expect(try await roundTrip(fleet, "after") < .seconds(5))
            }
        }

        @Test("after a loss of data, ownership is announced again, and a stop finds the running container")
        func flushAll() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let start = try await fleet.finish("s", fleet.start("s", game: "g"))
                _ = try await fleet.client.send(RedisCommand("FLUSHALL"))
                let stop = try await fleet.finish("t", Fleet.message(.stop, "t", game: "g"))
                #expect(stop.effect == .stopped && stop.containerID == start.containerID)
            }
        }

        @Test("an eviction policy that may delete jobs is refused, with the fix")
        func evictionPolicy() async throws {
            let world = try #require(EngineWorld.current)
            try await Fleet.with(workers: 0, redisArguments: ["--maxmemory-policy", "allkeys-lru"], world: world) {
                fleet in
                let answer = try await fleet.run("worker")
                #expect(answer.exitCode == 1)
                #expect(answer.errors.contains("allkeys-lru"), "\(answer.errors)")
                #expect(answer.errors.contains("CONFIG SET maxmemory-policy noeviction"))
            }
        }

        @Test("with Redis' memory full, running jobs end, and new jobs wait for free memory")
        func memoryFull() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                try await fleet.finishStubborn("s", game: "g")
                try await fleet.push(Fleet.message(.stop, "t", game: "g", #""stop_timeout_seconds":1"#))
                _ = try await fleet.runner(of: "t")
                try await fleet.push(Fleet.message(.stop, "u", game: "h"))
                _ = try await fleet.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
                #expect(try await fleet.result(of: "t").effect == .stopped)
                _ = try await fleet.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
                #expect(try await fleet.result(of: "u").effect == .alreadyAbsent)
            }
        }
    }
}

import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("A Redis that changes its master", .tags(.timing), .engineWorld, .timeLimit(.minutes(5)))
    struct RedisFailoverTests {
        /// Pushes a message until Redis takes it. A push without a reply may have happened, so the id may come twice.
        private static func push(_ fleet: Fleet, _ message: String) async throws {
            try await eventually("the new master to take a push", within: .seconds(30)) {
                (try? await fleet.push(message)) != nil
            }
        }

        private static func stop(_ fleet: Fleet, _ id: JobID, game: GameID) async throws -> JobResult {
            try await push(fleet, Fleet.message(.stop, id, game: game, #""stop_timeout_seconds":1"#))
            return try await fleet.result(of: id, within: .seconds(30))
        }

        @Test("named by sentinels: a worker goes on after the master's end, and so does the command line")
        func sentinels() async throws {
            let world = try #require(EngineWorld.current)
            try await PrivateRedis.with { master in
                let arguments = ["--replicaof", "127.0.0.1", "\(master.port)", "--repl-diskless-sync-delay", "0"]
                try await PrivateRedis.with(extraArguments: arguments) { replica in
                    try await PrivateSentinels.with(watching: master.port) { sentinels in
                        try await Fleet.with(url: sentinels.url, world: world) { fleet in
                            let start = try await fleet.finish("s1", fleet.start("s1", game: "g1"))
                            #expect(start.outcome == .succeeded, "\(start)")
                            // The replica must have the start: asynchronous replication promises no more.
                            #expect(try await fleet.client.send(RedisCommand("WAIT", "1", "5000")).integer == 1)
                            await master.kill9()
                            let stop = try await Self.stop(fleet, "t1", game: "g1")
                            #expect(stop.effect == .stopped && stop.containerID == start.containerID, "\(stop)")
                            let doctor = try await fleet.run("doctor")
                            #expect(doctor.output.contains("127.0.0.1:\(replica.port)"), "\(doctor)")
                            #expect(doctor.output.contains("it takes writes"), "\(doctor)")
                        }
                    }
                }
            }
        }

        @Test("of a cluster: a worker goes on after failovers by order and by the end of the node")
        func cluster() async throws {
            let world = try #require(EngineWorld.current)
            try await PrivateCluster.with { cluster in
                try await Fleet.with(url: cluster.url, world: world) { fleet in
                    let start = try await fleet.finish("s1", fleet.start("s1", game: "g1"))
                    #expect(start.outcome == .succeeded, "\(start)")
                    let home = try await cluster.home(of: fleet.keys.meta)
                    let replica = try #require(try await cluster.replicas(of: home).first)
                    try await cluster.cli(replica, "CLUSTER", "FAILOVER")
                    let stop = try await Self.stop(fleet, "t1", game: "g1")
                    #expect(stop.effect == .stopped && stop.containerID == start.containerID, "\(stop)")
                    try await eventually("the former master to follow", within: .seconds(20), until: { !$0.isEmpty }) {
                        try await cluster.replicas(of: replica)
                    }
                    let again = try await fleet.finish("s2", fleet.start("s2", game: "g1"))
                    #expect(again.outcome == .succeeded, "\(again)")
                    #expect(try await fleet.client.send(RedisCommand("WAIT", "1", "5000")).integer == 1)
                    await replica.kill9()
                    let end = try await Self.stop(fleet, "t2", game: "g1")
                    #expect(end.effect == .stopped && end.containerID == again.containerID, "\(end)")
                }
            }
        }
    }
}

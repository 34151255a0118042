import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("A managed Redis", .engineWorld, .timeLimit(.minutes(3)))
    struct ManagedRedisTests {
        /// The arguments of a server that knows no such commands, as managed services do not.
        static func without(_ commands: String...) -> [String] {
            commands.flatMap { ["--rename-command", $0, ""] }
        }

        @Test(
            "that refuses commands of an administrator serves a worker; the doctor says what it cannot tell",
            arguments: [
                without("CONFIG", "BGREWRITEAOF", "ACL", "CLIENT"),
                without("CONFIG", "BGREWRITEAOF", "ACL", "CLIENT", "INFO"),
            ]
        )
        func works(arguments: [String]) async throws {
            let world = try #require(EngineWorld.current)
            let refusesInfo = arguments.contains("INFO")
            try await Fleet.with(redisArguments: arguments + ["--appendonly", "yes"], world: world) { fleet in
                let start = try await fleet.finish("s1", fleet.start("s1", game: "g1"))
                #expect(start.outcome == .succeeded, "\(start)")
                let stop = Fleet.message(.stop, "t1", game: "g1", #""stop_timeout_seconds":1"#)
                #expect(try await fleet.finish("t1", stop).effect == .stopped)
                let remove = Fleet.message(.remove, "r1", game: "g1")
                #expect(try await fleet.finish("r1", remove).effect == .removed)
                let doctor = try await fleet.run("doctor")
                #expect(doctor.exitCode == 0, "\(doctor)")
                #expect(doctor.output.contains("cannot tell") && doctor.output.contains("parameter group"), "\(doctor)")
                #expect(doctor.output.contains("ok    redis permissions"), "\(doctor)")
                #expect(doctor.output.contains("cannot tell the eviction policy") == refusesInfo, "\(doctor)")
                #expect(doctor.output.contains("cannot tell appendfsync") == !refusesInfo, "\(doctor)")
            }
        }

        @Test("whose INFO shows a policy that loses jobs is refused, with the parameter group as a way to fix it")
        func evicts() async throws {
            let arguments = Self.without("CONFIG", "ACL") + ["--maxmemory-policy", "volatile-lru"]
            let world = try #require(EngineWorld.current)
            try await Fleet.with(workers: 0, redisArguments: arguments, world: world) { fleet in
                let answer = try await fleet.run("worker")
                #expect(answer.exitCode == 1, "\(answer)")
                #expect(
                    answer.errors.contains("volatile-lru") && answer.errors.contains("parameter group"),
                    "\(answer)"
                )
            }
        }
    }
}

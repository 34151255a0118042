import Foundation
import JobContract
import Redis
import Support
import Testing

@testable import Diagnostics

extension Deployment {
    @Suite("The shipped users of Redis", .engineWorld, .timeLimit(.minutes(3)))
    struct RedisUserTests {
        /// Runs `body` with a fleet whose Redis has the users, and returns the URL of each.
        private func withUsers(_ body: @Sendable (Fleet, (String) -> String) async throws -> Void) async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                for command in try ShippedUsers.commands(prefix: fleet.keys.prefix) {
                    #expect(try await fleet.client.send(command) == .status("OK"))
                }
                let port = fleet.redis.port
                try await body(fleet) { "redis://\($0):pw@127.0.0.1:\(port)" }
            }
        }

        @Test("The worker's user has the commands of a worker, and no others but those of its connections")
        func complete() throws {
            let rules = try #require(try ShippedUsers.rules()["worker"])
            let given = Set(rules.filter { $0.hasPrefix("+") }.map { $0.dropFirst().uppercased() })
            let connection: Set = ["SELECT", "PING", "ROLE", "INFO", "CLIENT|SETNAME", "ACL|WHOAMI"]
            let needed = RedisPermissions.trials("k").map { $0.name == "FUNCTION" ? "FUNCTION|LOAD" : $0.name }
            #expect(given == connection.union(needed))
        }

        @Test("suffice for a worker, a producer and a consumer, and allow none of them the others' work")
        func jobs() async throws {
            try await withUsers { fleet, url in
                try await fleet.startWorker(["RTM_REDIS_URL": url("worker")])
                let producer = ["RTM_REDIS_URL": url("producer")]
                let start = try await fleet.run(
                    "start",
                    "g1",
                    "--image",
                    fleet.world.image,
                    "--pull-policy",
                    "never",
                    "--wait",
                    settings: producer
                )
                #expect(start.exitCode == 0, "\(start)")
                let pause = try await fleet.run("queue", "pause", "default", settings: producer)
                #expect(pause.exitCode != 0 && pause.errors.contains("NOPERM"), "\(pause)")
                let doctor = try await fleet.run("doctor", settings: ["RTM_REDIS_URL": url("worker")])
                #expect(doctor.output.contains("all commands of a worker are allowed"), "\(doctor)")
                let consumer = try RedisConfiguration(url: url("consumer"))
                try await RedisClient.withClient(consumer, logger: .silent) { client in
                    let results = try await client.send(RedisCommand("XRANGE", .string(fleet.keys.results), "-", "+"))
                    #expect(results.array?.count == 1)
                    let push = RedisCommand("LPUSH", .string(fleet.keys.queue("default")), "{}")
                    let refused = await #expect(throws: RedisError.self) { try await client.send(push) }
                    #expect("\(String(describing: refused))".contains("NOPERM"))
                }
            }
        }

        @Test("suffice for a viewer, who changes nothing, and for an operator")
        func operators() async throws {
            try await withUsers { fleet, url in
                try await fleet.startWorker()
                _ = try await fleet.finish("s1", fleet.start("s1", game: "g1"))
                _ = try await fleet.client.send(RedisCommand("LPUSH", .string(fleet.keys.queue("mistyped")), "{}"))
                let (viewer, op) = (["RTM_REDIS_URL": url("viewer")], ["RTM_REDIS_URL": url("operator")])
                for words in [
                    ["status"], ["job", "s1"], ["history", "g1"], ["node", "list"], ["dead", "list"], ["jobs"],
                    ["game", "g1"], ["queue", "list"], ["worker", "list"], ["audit"],
                    ["queue", "move", "mistyped", "default", "--dry-run"],
                ] {
                    let seen = try await Program.run(words, environment: fleet.environment.merging(viewer) { $1 })
                    #expect(seen.exitCode == 0, "\(words): \(seen)")
                }
                for words in [
                    ["queue", "pause", "default"], ["queue", "resume", "default"],
                    ["queue", "move", "mistyped", "default", "--yes"],
                ] {
                    let refused = try await Program.run(words, environment: fleet.environment.merging(viewer) { $1 })
                    #expect(refused.exitCode != 0, "\(words): \(refused)")
                    let done = try await Program.run(words, environment: fleet.environment.merging(op) { $1 })
                    #expect(done.exitCode == 0, "\(words): \(done)")
                }
            }
        }

        @Test("A worker with a wrong namespace names the user and the keys, and ends with 3")
        func wrongNamespace() async throws {
            try await withUsers { fleet, url in
                let settings = ["RTM_REDIS_URL": url("worker"), "RTM_NAMESPACE": "elsewhere"]
                let worker = try await fleet.startWorker(settings, untilReady: false)
                #expect(await worker.process.waitForExit(atMost: .seconds(30)) == 3)
                let sentence = "Redis' user worker may not use the keys {elsewhere}:*; is RTM_NAMESPACE right?"
                #expect(worker.process.log.contains(sentence), "\(worker.process.log)")
            }
        }

        @Test("A worker without one of the commands names it, and ends with 3 before its first job")
        func missing() async throws {
            try await withUsers { fleet, url in
                let less = RedisCommand("ACL", "SETUSER", "worker", "-ltrim", "-lpos", "-hset")
                _ = try await fleet.client.send(less)
                let worker = try await fleet.startWorker(["RTM_REDIS_URL": url("worker")], untilReady: false)
                #expect(await worker.process.waitForExit(atMost: .seconds(30)) == 3)
                let log = worker.process.log
                #expect(log.contains("Redis refuses commands of a worker: LPOS HSET"), "\(log)")
                #expect(log.contains("ACL SETUSER worker +lpos +hset ~\(fleet.keys.prefix)*"), "\(log)")
            }
        }
    }
}

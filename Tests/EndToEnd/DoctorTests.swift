import Foundation
import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("The doctor on a deployment", .engineWorld, .timeLimit(.minutes(5)))
    struct DoctorTests {
        /// Level and text of each check.
        private func findings(_ output: ProgramOutput) throws -> [String: (level: String, text: String)] {
            var findings: [String: (level: String, text: String)] = [:]
            for line in output.output.split(separator: "\n") {
                let json = try TestJSON(text: Data(line.utf8))
                let level = json["level"]?.string ?? ""
                #expect((level == "ok") == (json["mend"] == nil), "\(line)")
                findings[json["check"]?.string ?? ""] = (level, json["text"]?.string ?? "")
            }
            return findings
        }

        private func examine(_ fleet: Fleet, _ arguments: [String] = [], _ settings: [String: String] = [:])
            async throws -> (code: Int32, findings: [String: (level: String, text: String)])
        {
            let output = try await Program.run(
                ["doctor", "--output", "json"] + arguments,
                environment: fleet.environment.merging(settings) { $1 }
            )
            return (output.exitCode, try findings(output))
        }

        @Test("reports each check of a healthy deployment, and no failure")
        func healthy() async throws {
            try await Fleet.with(
                redisArguments: ["--appendonly", "yes"],
                world: try #require(EngineWorld.current)
            ) { fleet in
                let (code, found) = try await examine(fleet, ["--image", fleet.world.image])
                #expect(code == 0, "\(found)")
                for check in [
                    "redis", "redis version", "redis role", "eviction", "persistence", "redis permissions", "clock",
                    "workers", "docker", "network", "engine clock", "image", "state folders", "open files",
                ] { #expect(found[check]?.level == "ok", "\(check): \(found[check] ?? ("", "is not there"))") }
                // The append-only file was not written anew since Redis began.
                #expect(found["torn log"]?.level == "warning")
                _ = try await fleet.client.send(RedisCommand("BGREWRITEAOF"))
                try await eventually("the file to be rewritten", until: { $0 == "ok" }) {
                    try await examine(fleet).findings["torn log"]?.level
                }
                let text = try await fleet.run("doctor")
                #expect(text.output.contains("ok    redis version") && !text.output.contains("\u{1B}"))
            }
        }

        @Test("reports problems in Redis")
        func redis() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                for command in [
                    RedisCommand("CONFIG", "SET", "maxmemory", "100mb"),
                    RedisCommand("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
                    RedisCommand("XADD", .string(fleet.keys.dead), "*", "job_id", "x"),
                    RedisCommand("HSET", .string(fleet.keys.meta), "lost_records", "2", "clock_steps", "1"),
                ] { _ = try await fleet.client.send(command) }
                let (code, found) = try await examine(fleet)
                #expect(code == 1)
                for (check, level) in [
                    ("eviction", "failure"), ("persistence", "warning"), ("workers", "warning"),
                    ("lost data", "warning"), ("clock", "warning"), ("dead letters", "warning"),
                ] { #expect(found[check]?.level == level, "\(check): \(found[check] ?? ("", ""))") }
                _ = try await fleet.client.send(RedisCommand("DEL", .string(fleet.keys.dead)))

                let user: [RedisArgument] = ["limited", "on", ">secret", "~*", "&*", "+@all", "-xadd", "-blmove"]
                _ = try await fleet.client.send(RedisCommand("ACL", arguments: ["SETUSER"] + user))
                let url = fleet.redis.url.replacing("redis://", with: "redis://limited:secret@")
                let limited = try await examine(fleet, [], ["RTM_REDIS_URL": url])
                #expect(limited.code == 1)
                #expect(limited.findings["redis permissions"]?.text == "not allowed: BLMOVE XADD")
            }
        }

        @Test("reports problems of the node, and exits with 3 if Redis or Docker is out of reach")
        func node() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let broken = try await examine(
                    fleet,
                    ["--image", "no-such-image:1", "--image", fleet.world.image],
                    [
                        "RTM_NETWORK": "no-such-network", "RTM_STATE_ROOT": "/etc/hostname/games",
                        "RTM_MEMORY": "9000g", "RTM_ALLOWED_IMAGES": "no-such-image:*",
                    ]
                )
                #expect(broken.code == 1)
                for check in ["network", "state folders", "machine", "image"] {
                    #expect(broken.findings[check]?.level == "failure", "\(check)")
                }
                let noDocker = try await examine(fleet, [], ["DOCKER_HOST": "unix:///no/such.sock"])
                #expect(noDocker.code == 3 && noDocker.findings["docker"]?.level == "out_of_reach")
                #expect(noDocker.findings["redis"]?.level == "ok")
                let noRedis = try await examine(fleet, [], ["RTM_REDIS_URL": "redis://127.0.0.1:1"])
                #expect(noRedis.code == 3 && noRedis.findings["redis"]?.level == "out_of_reach")
                #expect(noRedis.findings["docker"]?.level == "ok")
            }
        }
    }
}

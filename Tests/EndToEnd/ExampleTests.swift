import JobContract
import Foundation
import Redis
import Support
import Testing

extension Deployment {
    @Suite("Examples in the documentation", .engineWorld, .timeLimit(.minutes(3)))
    struct ExampleTests {
        private func run(_ name: String, _ arguments: String..., url: String? = nil, in fleet: Fleet) async throws -> (
            Int32?, String
        ) {
            let directory = try temporaryDirectory("example")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let example = ContractSchemas.root.appending(path: "docs/guide/examples/\(name)").path
            let process = try await ChildProcess.start(
                [example] + arguments,
                environment: fleet.environment.merging(url.map { ["RTM_REDIS_URL": $0] } ?? [:]) { $1 },
                logPath: directory + "/log"
            )
            let code = await process.waitForExit(atMost: .seconds(60))
            return (code, process.log)
        }

        @Test("redis-cli starts a game, and Python on plain sockets stops and removes it")
        func examples() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let (started, fields) = try await run("start-and-wait.sh", "lobby", fleet.world.image, in: fleet)
                #expect(started == 0, "\(fields)")
                #expect(fields.contains("succeeded") && fields.contains("http://\(fleet.containerName("lobby")):8080"))
                let (ended, told) = try await run("game_master.py", "lobby", in: fleet)
                #expect(ended == 0, "\(told)")
                for line in [
                    "results succeeded started", "events started", "results succeeded stopped",
                    "events exited stopped", "results succeeded removed", "events removed",
                ] { #expect(told.contains(line), "\(line) in \(told)") }
            }
        }

        @Test("the examples use user, password and database of the Redis URL, percent-encoded")
        func login() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let rights: [RedisArgument] = ["SETUSER", "mas@ter", "on", ">p@ss/:word", "~*", "&*", "+@all"]
                _ = try await fleet.client.send(RedisCommand("ACL", arguments: rights))
                let url = "redis://mas%40ter:p%40ss%2F%3Aword@127.0.0.1:\(fleet.redis.port)/2"
                try await fleet.startWorker(["RTM_REDIS_URL": url])
                // Without its name and password nobody comes in any more.
                _ = try await fleet.client.send(RedisCommand("ACL", "SETUSER", "default", "resetpass"))
                let (started, fields) = try await run(
                    "start-and-wait.sh",
                    "lobby",
                    fleet.world.image,
                    url: url,
                    in: fleet
                )
                #expect(started == 0, "\(fields)")
                let (ended, told) = try await run("game_master.py", "lobby", url: url, in: fleet)
                #expect(ended == 0 && told.contains("events removed"), "\(told)")
                #expect(try await fleet.client.send(RedisCommand("DBSIZE")).integer == 0)
            }
        }
    }
}

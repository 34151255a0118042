import JobContract
import Foundation
import Redis
import Support
import Testing

extension Deployment {
    @Suite("Examples in the documentation", .engineWorld, .timeLimit(.minutes(3)))
    struct ExampleTests {
        static let folder = ContractSchemas.root.appending(path: "docs/guide/examples").path

        private func run(_ command: String..., url: String? = nil, in fleet: Fleet) async throws -> (Int32?, String) {
            try await run(command, url: url, in: fleet)
        }

        private func run(_ command: [String], url: String? = nil, in fleet: Fleet) async throws -> (Int32?, String) {
            let directory = try temporaryDirectory("example")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var environment = fleet.environment.merging(url.map { ["RTM_REDIS_URL": $0] } ?? [:]) { $1 }
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
            let process = try await ChildProcess.start(
                command,
                environment: environment,
                logPath: directory + "/log"
            )
            let code = await process.waitForExit(atMost: .seconds(60))
            return (code, process.log)
        }

        @Test("redis-cli starts a game, and waits for the result")
        func shell() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let script = Self.folder + "/start-and-wait.sh"
                let (started, fields) = try await run(script, "lobby", fleet.world.image, in: fleet)
                #expect(started == 0, "\(fields)")
                #expect(fields.contains("succeeded") && fields.contains("http://\(fleet.containerName("lobby")):8080"))
            }
        }

        /// A language with a complete example.
        enum Language: CaseIterable, Sendable {
            case python, typeScript, go

            /// Builds the example in a folder, and returns how to run it; nil if this machine cannot build it.
            func command(in directory: String) async throws -> [String]? {
                switch self {
                case .python: return [ExampleTests.folder + "/game_master.py"]
                case .typeScript:
                    try await Tool.run(["tsc", "--project", ExampleTests.folder + "/typescript", "--outDir", directory])
                    return ["node", directory + "/game_master.js"]
                case .go:
                    // Without Go, `generate-types --check` alone compares the example with the schemas.
                    let build = "cd \(ExampleTests.folder)/go && go vet . && go build -o \(directory)/gm ."
                    try await Tool.run(["sh", "-c", "command -v go >/dev/null || exit 0; \(build)"])
                    return FileManager.default.fileExists(atPath: directory + "/gm") ? [directory + "/gm"] : nil
                }
            }
        }

        @Test("a complete example starts, follows, stops and removes a game", arguments: Language.allCases)
        func complete(language: Language) async throws {
            let directory = try temporaryDirectory("complete")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            guard let command = try await language.command(in: directory) else { return }
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let arguments = command + ["lobby", fleet.world.image]
                let (ended, told) = try await run(arguments, in: fleet)
                #expect(ended == 0, "\(told)")
                let lines = told.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                let endpoint = "http://\(fleet.containerName("lobby")):8080"
                for line in [
                    "event lobby started", "event lobby exited stopped", "event lobby removed",
                    "result lobby succeeded stopped", "result lobby succeeded removed",
                ] { #expect(lines.contains(line), "\(line) in \(told)") }
                #expect(
                    lines.contains { $0.hasPrefix("result lobby succeeded started") && $0.hasSuffix(endpoint) },
                    "\(told)"
                )
                // A refused start is no success.
                let (refused, why) = try await run(command + ["lobby", "NO/IMAGE"], in: fleet)
                #expect(refused == 1 && why.contains("rejected none"), "\(why)")
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
                    Self.folder + "/start-and-wait.sh",
                    "lobby",
                    fleet.world.image,
                    url: url,
                    in: fleet
                )
                #expect(started == 0, "\(fields)")
                let master = Self.folder + "/game_master.py"
                let (ended, told) = try await run(master, "plaza", fleet.world.image, url: url, in: fleet)
                #expect(ended == 0 && told.contains("event plaza removed"), "\(told)")
                #expect(try await fleet.client.send(RedisCommand("DBSIZE")).integer == 0)
            }
        }
    }
}

import Foundation
import Support
import Testing

extension Deployment {
    @Suite("The examples of the documents", .engineWorld, .timeLimit(.minutes(3)))
    struct ExampleTests {
        private func run(_ name: String, _ arguments: String..., in fleet: Fleet) async throws -> (Int32?, String) {
            let directory = try temporaryDirectory("example")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let example = ContractSchemas.root.appending(path: "docs/examples/\(name)").path
            let process = try await ChildProcess.start(
                [example] + arguments,
                environment: fleet.environment,
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
    }
}

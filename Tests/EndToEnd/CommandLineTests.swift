import Primitives
import Foundation
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("The command line", .engineWorld, .timeLimit(.minutes(5)))
    struct CommandLineTests {
        @Test("start, stop and remove wait for their results and print them")
        func waits() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let image = fleet.world.image
                let start = try await fleet.run("start", "g", "--image", image, "--pull-policy", "never", "--wait")
                #expect(start.exitCode == 0, "\(start.errors)")
                #expect(start.output.contains("g: started, container "))
                #expect(start.output.contains("at http://\(fleet.containerName("g")):8080"))
                let json = try await fleet.run("stop", "g", "--wait", "--output", "json")
                #expect(json.exitCode == 0)
                let fields = try #require(JSONText.strings(json.output.trimmingCharacters(in: .newlines)))
                #expect(fields["effect"] == "stopped")
                #expect(fields["outcome"] == "succeeded")
                let remove = try await fleet.run("remove", "g", "--wait")
                #expect(remove.exitCode == 0)
                #expect(remove.output == "g: removed, container \(fields["container_id"]?.prefix(12) ?? "")\n")
                #expect(try await fleet.containers().isEmpty)
            }
        }

        @Test("without --wait a command queues the job and prints its id")
        func queues() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let queued = try await fleet.run("stop", "g", "--id", "q-1")
                #expect(queued.exitCode == 0)
                #expect(queued.output == "job q-1 is queued\n")
                let json = try await fleet.run("stop", "g", "--id", "q-2", "--output", "json")
                #expect(JSONText.strings(json.output.trimmingCharacters(in: .newlines))?["job_id"] == "q-2")
                try await fleet.startWorker()
                #expect(try await fleet.result(of: "q-1").effect == .alreadyAbsent)
                #expect(try await fleet.result(of: "q-2").effect == .alreadyAbsent)
            }
        }

        @Test("a job that fails makes the command exit with 1 and print the reason")
        func fails() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let image = "\(fleet.world.prefix)-no-such:1"
                let start = try await fleet.run("start", "g", "--image", image, "--pull-policy", "never", "--wait")
                #expect(start.exitCode == 1)
                #expect((start.output + start.errors).contains("image_not_found"))
                #expect((start.output + start.errors).contains(image))
            }
        }

        @Test("a wait that is too short exits with 1 and says that the job continues")
        func waitsTooShort() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let stop = try await fleet.run("stop", "g", "--wait", "--wait-timeout", "1")
                #expect(stop.exitCode == 1)
                #expect(stop.errors.contains("the job goes on"))
            }
        }

        @Test(
            "wrong use exits with 2 and prints what is allowed",
            arguments: [
                (["start", "Not-A-Game", "--image", "x"], ["Not-A-Game", "1 to 51 of a-z 0-9 -"]),
                (["start", "g"], ["--image"]),
                (["explode"], ["explode"]),
                (["stop", "g", "--max-attempts", "21"], ["--max-attempts", "21", "1 to 20"]),
                (["worker", "--concurrency", "0"], ["RTM_CONCURRENCY", "\"0\"", "--concurrency", "1 to 1024"]),
                (["worker", "--memory", "much"], ["RTM_MEMORY", "\"much\"", "512m"]),
                (["worker", "--redis-url", "http://x"], ["RTM_REDIS_URL", "redis://"]),
                (["stop", "g", "--config", "/no/such/file"], ["RTM_CONFIG", "/no/such/file"]),
            ]
        )
        func wrongUse(_ arguments: [String], _ parts: [String]) async throws {
            let answer = try await Program.run(arguments, environment: [:])
            #expect(answer.exitCode == 2)
            #expect(answer.output.isEmpty)
            for part in parts { #expect(answer.errors.contains(part), "\(answer.errors)") }
        }

        @Test("all wrong settings are reported at once, with name, value and allowed values")
        func wrongSettings() async throws {
            let answer = try await Program.run(
                ["worker"],
                environment: ["RTM_LEASE_TTL_SECONDS": "soon", "RTM_STATE_ROOT": "games", "RTM_PIDS_LIMIT": "0"]
            )
            #expect(answer.exitCode == 2)
            for part in [
                "RTM_LEASE_TTL_SECONDS=\"soon\"", "RTM_STATE_ROOT=\"games\"", "RTM_PIDS_LIMIT=\"0\"", "must be",
                "environment",
            ] { #expect(answer.errors.contains(part), "\(answer.errors)") }
        }

        @Test(
            "a command exits with 3 if Redis is out of reach, and prints the address",
            arguments: [["worker", "--no-wait"], ["stop", "g"]]
        )
        func withoutRedis(_ arguments: [String]) async throws {
            let host = TestEngine.fromEnvironment().host
            let answer = try await Program.run(
                arguments,
                environment: ["RTM_REDIS_URL": "redis://user:secret@127.0.0.1:1", "DOCKER_HOST": host]
            )
            #expect(answer.exitCode == 3)
            #expect(answer.errors.contains("127.0.0.1:1"), "\(answer.errors)")
            #expect(answer.errors.contains("is Redis running there, and is RTM_REDIS_URL right?"))
            #expect(!answer.errors.contains("secret"))
        }

        @Test("a worker exits with 3 if Docker is out of reach, and prints the address")
        func withoutDocker() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let answer = try await fleet.run(
                    "worker",
                    "--no-wait",
                    settings: ["DOCKER_HOST": "unix:///no/such.sock"]
                )
                #expect(answer.exitCode == 3)
                #expect(answer.errors.contains("/no/such.sock"), "\(answer.errors)")
                #expect(answer.errors.contains("DOCKER_HOST"))
            }
        }

        /// The version, the commit of a release, and the form of the data.
        private static var version: Regex<Substring> { /\d+\.\d+\.\d+ \((?:commit [0-9a-f]+, )?data form \d+\)\n/ }

        @Test("--version and --help print to standard output and exit with 0", arguments: ["--version", "--help"])
        func answers(_ flag: String) async throws {
            let answer = try await Program.run([flag], environment: [:])
            #expect(answer.exitCode == 0)
            #expect(answer.errors.isEmpty)
            #expect(answer.output.contains(flag == "--help" ? "Exit codes: 0 done" : "."))
            #expect(flag == "--help" || answer.output.wholeMatch(of: Self.version) != nil, "\(answer.output)")
        }
    }
}

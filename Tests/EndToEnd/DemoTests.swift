import Foundation
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("The demo", .timeLimit(.minutes(5)))
    struct DemoTests {
        /// A running demo.
        private struct Demo {
            let process: ChildProcess
            let directory: String

            /// Starts the real program. Settings of the environment are not for the demo.
            static func start(_ arguments: String...) async throws -> Demo {
                let directory = try temporaryDirectory("demo")
                let process = try await ChildProcess.start(
                    [try Program.path, "demo"] + arguments,
                    environment: [
                        "DOCKER_HOST": TestEngine.fromEnvironment().host, "TMPDIR": directory,
                        "RTM_ALLOWED_IMAGES": "none", "RTM_HTTP": "127.0.0.1:1", "RTM_HTTP_TOKEN_FILE": "/no/token",
                    ],
                    logPath: directory + "/log"
                )
                return Demo(process: process, directory: directory)
            }

            func waitFor(_ words: String) async throws {
                try await eventually("the demo to print \(words)") {
                    #expect(process.isRunning, "\(process.log)")
                    return !process.isRunning || process.log.contains(words)
                }
            }

            /// The part that keeps the names of this demo apart from those of others.
            var tag: String {
                get throws {
                    let match = try #require(process.log.firstMatch(of: #/rtmanager-demo-([0-9a-z]+)/redis.sock/#))
                    return String(match.1)
                }
            }

            /// Expects that nothing of the demo is left: no folder, no process, and nothing in Docker.
            func expectNothingLeft(_ tag: String) async throws {
                let names = try FileManager.default.contentsOfDirectory(atPath: directory)
                #expect(names == ["log"])
                let engine = TestEngine.fromEnvironment()
                let containers = try await engine.docker("ps", "--all", "--format", "{{.Names}}")
                let networks = try await engine.docker("network", "ls", "--format", "{{.Name}}")
                let images = try await engine.docker("images", "--format", "{{.Tag}}")
                #expect(!(containers + networks + images).contains(tag))
                let running = ProcessTable.commands.filter { $0.contains("rtmanager-demo-\(tag)") }
                #expect(running == [])
            }
        }

        /// The command lines of all processes.
        private enum ProcessTable {
            static var commands: [String] {
                let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
                return pids.filter { Int32($0) != nil }.compactMap { pid in
                    FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map {
                        String(decoding: $0, as: UTF8.self)
                    }
                }
            }
        }

        @discardableResult
        private func shell(_ command: String) async throws -> String {
            try await Tool.run(["sh", "-c", command], limit: .seconds(60))
        }

        @Test("--stay shows its console and commands that work as printed, moves, and ends with Ctrl-C")
        func stays() async throws {
            let demo = try await Demo.start("--stay")
            defer { try? FileManager.default.removeItem(atPath: demo.directory) }
            do {
                try await demo.waitFor("Ctrl-C ends the demo")
                let tag = try demo.tag
                let page = try #require(demo.process.log.firstMatch(of: #/Console +(http:\S+)/#)).1
                #expect(try await shell("curl --fail --silent \(page)").contains("rtmanager"))

                let invitation = try #require(demo.process.log.components(separatedBy: "in another terminal:\n").last)
                let commands = invitation.split(separator: "\n").filter { $0.hasPrefix("    ") }
                    .map { $0.trimmingCharacters(in: .whitespaces) }
                try #require(commands.count == 5, "\(commands)")
                #expect(try await shell("cd / && \(commands[0])").contains("lobby"))
                // `script` gives a terminal, and `q` leaves the screen.
                let screen = try await shell(
                    "(sleep 3; echo q) | TERM=xterm script -qec 'stty cols 100 rows 30; \(commands[1])' /dev/null"
                )
                #expect(screen.contains("demo-\(tag)"), "\(screen)")
                #expect(try await shell(commands[2]).contains("mine: started, container "))
                try await shell(commands[3])
                try await eventually("the exit of lobby", until: { $0.contains("killed") }) {
                    try await shell(commands[4])
                }
                try await eventually("a match that ends and one that crashes") {
                    let events = try await shell(
                        "redis-cli -s \(demo.directory)/rtmanager-demo-\(tag)/redis.sock XRANGE '{demo-\(tag)}:events' - +"
                    )
                    return events.contains("match-1") && events.contains("removed") && events.contains("crashed")
                }
                try await standStill(demo, tag)
                demo.process.signal(SIGINT)
                #expect(await demo.process.waitForExit(atMost: .seconds(60)) == 0, "\(demo.process.log)")
                #expect(demo.process.log.hasSuffix("Everything of the demo has been taken down.\n"))
                #expect(!demo.process.log.contains("WARNING"), "\(demo.process.log)")
                try await demo.expectNothingLeft(tag)
            } catch {
                await demo.process.end(within: .seconds(60))
                throw error
            }
        }

        /// Lets the demo's Redis stand still until the demo says so, and expects that the matches go on afterwards.
        private func standStill(_ demo: Demo, _ tag: String) async throws {
            let redis = "redis-cli -s \(demo.directory)/rtmanager-demo-\(tag)/redis.sock"
            let info = try await shell("\(redis) INFO server")
            let pid = try #require(info.firstMatch(of: #/process_id:([0-9]+)/#).flatMap { Int32($0.1) })
            #expect(kill(pid, SIGSTOP) == 0)
            defer { kill(pid, SIGCONT) }
            try await demo.waitFor("does not answer; the demo waits for it, at most 5m00s")
            kill(pid, SIGCONT)
            try await demo.waitFor("answers again after ")
            let count = try await shell("\(redis) XLEN '{demo-\(tag)}:results'")
            try await eventually("the result of a further match", until: { $0 != count }) {
                try await shell("\(redis) XLEN '{demo-\(tag)}:results'")
            }
        }

        @Test("a demo that is interrupted leaves nothing behind", arguments: [SIGTERM, SIGHUP])
        func interrupted(signal: Int32) async throws {
            let demo = try await Demo.start()
            defer { try? FileManager.default.removeItem(atPath: demo.directory) }
            try await demo.waitFor("push    start")
            let tag = try demo.tag
            demo.process.signal(signal)
            #expect(await demo.process.waitForExit(atMost: .seconds(60)) == 1, "\(demo.process.log)")
            #expect(demo.process.log.contains("interrupted; everything of the demo has been taken down"))
            #expect(!demo.process.log.contains("WARNING"), "\(demo.process.log)")
            try await demo.expectNothingLeft(tag)
        }
    }
}

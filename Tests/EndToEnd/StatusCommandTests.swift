import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    @Suite("Commands that show a deployment", .engineWorld, .timeLimit(.minutes(5)))
    struct StatusCommandTests {
        private func lines(_ output: ProgramOutput) -> [Substring] {
            output.output.split(separator: "\n")
        }

        @Test("status, job, history and watch show what has happened")
        func commands() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let start = try await fleet.finish("s1", fleet.start("s1", game: "lobby"))
                #expect(start.succeeded)
                try await fleet.events(ofGame: "lobby", until: ["started"])
                let node = try await fleet.node()

                let status = try await fleet.run("status")
                #expect(status.exitCode == 0, "\(status.errors)")
                for part in ["default", "open", "\(node.text.prefix(9))…", "up", "lobby", "running"] {
                    #expect(status.output.contains(part), "\(part) in \(status.output)")
                }
                #expect(!status.output.contains("\u{1B}"))
                let json = try TestJSON(text: Data(try await fleet.run("status", "--output", "json").output.utf8))
                guard case .array(let containers)? = json["containers"] else { throw Overdue("\(json)") }
                #expect(containers.first?["game_id"] == .string("lobby"))
                #expect(containers.first?["container_id"]?.string == start.containerID?.text)

                let job = try await fleet.run("job", "s1")
                #expect(job.exitCode == 0)
                for part in ["start of lobby", "lobby: started", "1", "event   lobby"] {
                    #expect(job.output.contains(part), "\(part) in \(job.output)")
                }
                let unknown = try await fleet.run("job", "nobody")
                #expect(unknown.exitCode == 1 && unknown.errors.contains("job nobody is not known"))

                _ = try await fleet.finish("r1", Fleet.message(.remove, "r1", game: "lobby", #""force":true"#))
                try await fleet.events(ofGame: "lobby", until: ["started", "exited", "removed"])
                let history = try await fleet.run("history", "lobby")
                #expect(lines(history).count == 5, "\(history.output)")
                let words = ["started", "started", "exited", "removed", "removed"]
                #expect(lines(history).map { String($0.dropFirst(47).prefix { $0 != " " }) }.sorted() == words.sorted())
                let nothing = try await fleet.run("history", "nobody")
                #expect(nothing.exitCode == 1 && nothing.errors.contains("nothing is known of game nobody"))

                let watch = try await fleet.run("watch", "--last", "10", "--count", "5", "--output", "json")
                #expect(watch.exitCode == 0 && lines(watch).count == 5)
                for line in lines(watch) {
                    #expect(try TestJSON(text: Data(line.utf8))["fields"]?["game_id"] == .string("lobby"))
                }
            }
        }

        @Test("a waiting job shows its reason, also with --wait")
        func waits() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                try await fleet.push(fleet.start("s1", game: "g"), fleet.start("s2", game: "g"))
                let status = try await fleet.run("status")
                #expect(status.output.contains("no worker lives"))
                let wait = try await fleet.run("stop", "g", "--id", "e1", "--wait", "--wait-timeout", "1")
                #expect(wait.exitCode == 1)
                #expect(wait.errors.contains("g: waits: no worker serves this queue"), "\(wait.errors)")
                try await fleet.startWorker()
                #expect(try await fleet.result(of: "e1").succeeded)
            }
        }

        @Test("a drained node begins no start until it is resumed")
        func drains() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let node = try await fleet.node()
                let drain = try await fleet.run("node", "drain", node.text)
                #expect(drain.exitCode == 0, "\(drain.errors)")
                #expect(try await fleet.run("node", "list").output.contains("draining"))
                try await fleet.push(fleet.start("s1", game: "g"))
                try await eventually("the intake of the start", until: { $0["state"] == "waiting" }) {
                    try await fleet.record(of: "s1")
                }
                #expect(try await fleet.finish("e1", Fleet.message(.stop, "e1", game: "other")).succeeded)
                #expect(try await fleet.record(of: "s1")["state"] == "waiting")
                #expect(try await fleet.run("node", "resume", node.text).exitCode == 0)
                #expect(try await fleet.result(of: "s1").succeeded)
                let unknown = try await fleet.run("node", "drain", "nobody")
                #expect(unknown.exitCode == 1 && unknown.errors.contains("node nobody"))
            }
        }

        @Test("watch shows new events until SIGINT, and exits with 0")
        func watches() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let directory = try temporaryDirectory("watch")
                defer { try? FileManager.default.removeItem(atPath: directory) }
                let watch = try await ChildProcess.start(
                    [try Program.path, "watch", "--only", "results"],
                    environment: fleet.environment.merging(["RTM_LOG_LEVEL": "info"]) { $1 },
                    logPath: directory + "/log"
                )
                var number = 0
                // A result that comes before it has begun to read is not shown.
                let isShown = { @Sendable (log: String) in log.contains("already absent") }
                try await eventually("a line of the watch", until: isShown) {
                    number += 1
                    _ = try await fleet.finish("e\(number)", Fleet.message(.stop, "e\(number)", game: "g"))
                    return watch.log
                }
                watch.signal(SIGINT)
                #expect(await watch.waitForExit() == 0, "\(watch.log)")
            }
        }
    }
}

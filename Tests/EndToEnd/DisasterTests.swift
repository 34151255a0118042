import Foundation
import JobContract
import Primitives
import Redis
import Support
import Testing

extension Deployment {
    /// The claims of docs/guide/disasters.md that no other suite shows.
    @Suite("Disasters", .engineWorld, .timeLimit(.minutes(5)))
    struct DisasterTests {
        private func stop(_ id: JobID, _ game: GameID) -> String { Fleet.message(.stop, id, game: game) }

        private func kinds(_ fleet: Fleet, _ game: GameID) async throws -> [String] {
            try await fleet.events(ofGame: game).compactMap { $0["event"] }
        }

        @Test("after the loss of all of Redis, the containers' labels bring back owners, games and lifecycles")
        func redisLost() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let start = fleet.start("s", game: "g")
                let first = try await fleet.finish("s", start)
                _ = try await fleet.finish("s-2", fleet.start("s-2", game: "ended"))
                _ = try await fleet.finish("t-2", stop("t-2", "ended"))
                try await fleet.push(stop("lost", "g"), queue: "nobody")
                // It keeps nothing on its disk.
                await fleet.redis.kill9()
                try await fleet.redis.restart()

                try await fleet.events(ofGame: "g", until: ["started"])
                try await fleet.events(ofGame: "ended", until: ["started", "exited"])
                let games = RedisArgument.string(fleet.keys.prefix + "games")
                try await eventually("both games", until: { $0 == 2 }) {
                    try await fleet.client.send(RedisCommand("HLEN", games)).integer
                }
                let owners = RedisArgument.string(fleet.keys.prefix + "owners")
                let node = try await fleet.node().text
                try await eventually("the owner of the game", until: { $0 == node }) {
                    try await fleet.client.send(RedisCommand("HGET", owners, "g")).string
                }
                // The producer pushes again what it has no result of: nothing starts twice.
                let again = try await fleet.finish("s", start)
                #expect(again.effect == .started && again.containerID == first.containerID)
                let other = try await fleet.finish("s-3", fleet.start("s-3", game: "g"))
                #expect(other.effect == .alreadyRunning && other.containerID == first.containerID)
                // What the games were asked for is lost, too.
                let restart = try await fleet.finish("r", Fleet.message(.restart, "r", game: "ended"))
                #expect(restart.errorCode == "container_not_found", "\(restart.fields)")
                let stopped = try await fleet.finish("t", stop("t", "g"))
                #expect(stopped.effect == .stopped && stopped.containerID == first.containerID)
                #expect(try await fleet.results(of: "lost").isEmpty)
            }
        }

        @Test("a node without its containers and state folders reports their ends, and starts games anew")
        func diskLost() async throws {
            try await Fleet.with(workers: 0, world: try #require(EngineWorld.current)) { fleet in
                let before = try await fleet.startWorker()
                let first = try await fleet.finish("s", fleet.start("s", game: "g"))
                let folder = fleet.stateRoot + "/g"
                try Data("a save".utf8).write(to: URL(fileURLWithPath: folder + "/save"))
                try await fleet.events(ofGame: "g", until: ["started"])
                await before.kill9()
                try await fleet.world.engine.docker("rm", "--force", first.containerID?.text ?? "")
                try FileManager.default.removeItem(atPath: fleet.stateRoot)

                try await fleet.startWorker()
                let events = try await fleet.events(ofGame: "g", until: ["started", "exited", "removed"])
                #expect(events.map { $0["event"] } == ["started", "exited", "removed"])
                #expect(events[1]["reason"] == "unknown", "\(events[1])")
                let second = try await fleet.finish("s-2", fleet.start("s-2", game: "g"))
                #expect(second.effect == .started && second.containerID != first.containerID)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            }
        }

        @Test("while the state folders' disk is full, stops end and starts are tried again, until there is room")
        func stateRootFull() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                _ = try await fleet.finish("s", fleet.start("s", game: "g"))
                // Room for the root of the file system, and for nothing else.
                try await Tool.run(
                    ["mount", "-t", "tmpfs", "-o", "nr_inodes=1", "full", fleet.stateRoot]
                )
                do {
                    try await fleet.push(fleet.start("s-2", game: "h"))
                    let why = try await eventually("a failed attempt", until: { $0 != nil }) {
                        try await fleet.record(of: "s-2")["_error"]
                    }
                    #expect(why?.contains("No space left on device") == true, "\(why ?? "")")
                    #expect(try await fleet.finish("t", stop("t", "g")).effect == .stopped)
                    try await Tool.run(["mount", "-o", "remount,nr_inodes=100", fleet.stateRoot])
                    #expect(try await fleet.result(of: "s-2", within: .seconds(60)).effect == .started)
                    _ = try await fleet.finish("t-2", stop("t-2", "h"))
                } catch {
                    _ = try? await Tool.run(["umount", "--lazy", fleet.stateRoot])
                    throw error
                }
                try await Tool.run(["umount", "--lazy", fleet.stateRoot])
            }
        }

        @Test("while Docker's disk is full, stops end and starts are tried again, until there is room")
        func dockerDiskFull() async throws {
            try await PrivateDocker.with(disk: "64m") { docker in
                try await EngineWorld.with(on: docker.engine) { world in
                    try await Fleet.with(world: world) { fleet in
                        _ = try await fleet.finish("s", fleet.start("s", game: "g"))
                        try await docker.fillDisk()
                        try await fleet.push(fleet.start("s-2", game: "h"))
                        let why = try await eventually("a failed attempt", until: { $0 != nil }) {
                            try await fleet.record(of: "s-2")["_error"]
                        }
                        #expect(why?.contains("no space left on device") == true, "\(why ?? "")")
                        #expect(try await fleet.record(of: "s-2")["_error_code"] == "docker_error")
                        #expect(try await fleet.finish("t", stop("t", "g")).effect == .stopped)
                        try docker.freeDisk()
                        #expect(try await fleet.result(of: "s-2", within: .seconds(60)).effect == .started)
                        _ = try await fleet.finish("t-2", stop("t-2", "h"))
                    }
                }
            }
        }

        private func save(_ rule: RedisArgument, _ fleet: Fleet) async throws {
            _ = try await fleet.client.send(RedisCommand("CONFIG", "SET", "save", rule))
        }

        /// Lets a snapshot fail, because a folder has its name. Redis answers as with a full disk.
        private func fillDisk(_ fleet: Fleet) async throws {
            let obstacle = fleet.redis.directory + "/dump.rdb/full"
            try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: true)
            try await save("3600 1", fleet)
            _ = try await fleet.client.send(RedisCommand("BGSAVE", "SCHEDULE"))
            try await eventually("the refusal of a push", within: .seconds(30), until: { $0.contains("MISCONF") }) {
                do {
                    try await fleet.push(stop("u", "nothing"), queue: "nobody")
                    return "taken"
                } catch {
                    return "\(error)"
                }
            }
        }

        private func freeDisk(_ fleet: Fleet) async throws {
            try await save("", fleet)
            try FileManager.default.removeItem(atPath: fleet.redis.directory + "/dump.rdb")
        }

        @Test("with Redis' disk full no message is taken, and what had begun ends with one result")
        func redisDiskFull() async throws {
            let port = try FreePort.find()
            let settings = ["RTM_HTTP": "127.0.0.1:\(port)"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let start = try await fleet.finishStubborn("s", game: "g")
                let process = try await fleet.process(of: try #require(start.containerID))
                try await fleet.push(Fleet.message(.stop, "t", game: "g", #""stop_timeout_seconds":8"#))
                // A job that cannot say so in Redis does not ask the Docker Engine for the end.
                let intents = RedisArgument.string(fleet.keys.intents(try await fleet.node()))
                let container = RedisArgument.string(try #require(start.containerID).text)
                try await eventually("the stop to begin", until: { $0 == 1 }) {
                    try await fleet.client.send(RedisCommand("HEXISTS", intents, container)).integer
                }
                try await fillDisk(fleet)
                try await eventually("/readyz to fail", until: { $0 == "503" }) {
                    try await Tool.run([
                        "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}",
                        "http://127.0.0.1:\(port)/readyz",
                    ])
                }
                // What only reads goes on.
                #expect(try await fleet.run("node", "list").output.contains("1 up"))
                let doctor = try await fleet.run("doctor")
                #expect(doctor.exitCode == 1 && doctor.output.contains("persistence"), "\(doctor.output)")
                try await fleet.untilEnded(process)
                #expect(try await fleet.results(of: "t").isEmpty)

                try await freeDisk(fleet)
                #expect(try await fleet.result(of: "t", within: .seconds(60)).effect == .stopped)
                #expect(try await fleet.finish("v", stop("v", "nothing")).effect == .alreadyAbsent)
                #expect(try await fleet.results(of: "t").count == 1)
            }
        }

        @Test("with a wrong namespace, commands name the right one, and a worker leaves the games alone")
        func wrongNamespace() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.finish("s", fleet.start("s", game: "g"))
                let wrong = ["RTM_NAMESPACE": "wrong"]
                for words in [["status"], ["node", "list"], ["stop", "--match", "*", "--dry-run"]] {
                    let answer = try await Program.run(
                        words,
                        environment: fleet.environment.merging(wrong) { $1 }
                    )
                    #expect(answer.exitCode == 1 && answer.errors.contains(fleet.keys.namespace), "\(answer)")
                }
                // A producer's message lies there, and can be moved.
                let (from, to) = (Keyspace(namespace: "wrong").queue("default"), fleet.keys.queue("default"))
                _ = try await fleet.client.send(
                    RedisCommand("LPUSH", .string(from), .string(fleet.start("s-2", game: "h")))
                )
                _ = try await fleet.client.send(RedisCommand("LMOVE", .string(from), .string(to), "RIGHT", "LEFT"))
                #expect(try await fleet.result(of: "s-2").effect == .started)

                let other = try await fleet.startWorker(wrong)
                let stopped = try await fleet.run("stop", "g", "--wait", settings: wrong)
                #expect(stopped.output.contains("name_conflict"), "\(stopped)")
                other.terminate()
                _ = await other.process.waitForExit()
                #expect(try await kinds(fleet, "g") == ["started"])
                let running = try await fleet.containers(all: false)
                #expect(running.contains(try #require(first.containerID)))
            }
        }
    }
}

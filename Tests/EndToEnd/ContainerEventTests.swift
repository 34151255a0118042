import Foundation
import JobContract
import Primitives
import Redis
import Models
import Support
import Testing

extension Deployment {
    @Suite("The published events of a container", .engineWorld, .timeLimit(.minutes(5)))
    struct ContainerEventTests {
        /// A game, what it runs, who ends it how, and what is told of its end.
        struct Case: Sendable, CustomTestStringConvertible {
            let name: String
            var command = ["/bin/busybox", "sleep", "1000"]
            var memory = "64m"
            var stopTimeout: Int?
            /// Arguments of Docker's command line, before the container.
            var by: [String]?
            let code: String
            var reason: String
            var steps = ["started", "exited"]
            var testDescription: String { name }
        }

        private static func shell(_ text: String) -> [String] { ["/bin/busybox", "sh", "-c", text] }
        private static let eat = "/bin/dd if=/dev/zero of=/dev/null bs=64M"

        static let cases = [
            Case(name: "stopped", stopTimeout: 20, code: "143", reason: "stopped"),
            Case(
                name: "forced",
                command: shell("trap '' TERM; echo trapped; while :; do sleep 0.2; done"),
                stopTimeout: 1,
                code: "137",
                reason: "stopped_forced"
            ),
            Case(
                name: "own-137",
                command: shell("trap 'exit 137' TERM; echo trapped; while :; do sleep 0.2; done"),
                stopTimeout: 20,
                code: "137",
                reason: "stopped"
            ),
            Case(name: "clean", command: shell("sleep 4"), code: "0", reason: "completed"),
            Case(name: "crash", command: shell("sleep 4; exit 3"), code: "3", reason: "crashed"),
            Case(name: "kill", by: ["kill"], code: "137", reason: "killed"),
            Case(
                name: "remove",
                by: ["rm", "--force"],
                code: "137",
                reason: "killed",
                steps: ["started", "exited", "removed"]
            ),
            Case(
                name: "oom",
                command: shell("sleep 4; exec \(eat)"),
                memory: "8m",
                code: "137",
                reason: "oom_killed",
                steps: ["started", "oom", "exited"]
            ),
            Case(
                name: "oom-child",
                command: shell("sleep 4; \(eat); sleep 1; exit 0"),
                memory: "8m",
                code: "0",
                reason: "completed",
                steps: ["started", "oom", "exited"]
            ),
        ]

        @Test("an exit has its true reason, whoever ended the container, and whatever its labels claim")
        func reasons() async throws {
            let world = try #require(EngineWorld.current)
            let lying = "\(world.prefix)-lying:1"
            let lies = ["exitCode": "0", "signal": "9", "name": "nobody", "image": "none:1", "execID": "x"]
            try await TestImage.make(lying, on: world.engine, command: TestImage.idle, labels: lies)
            try await Fleet.with(world: world) { fleet in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for test in Self.cases {
                        for image in [world.image, lying] where image == world.image || test.by == nil {
                            group.addTask { try await checkOften(test, image, fleet) }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(Checker.problems(try await fleet.events()) == [])
            }
        }

        /// Checks a case. A busy Docker Engine may not notice that the main process of a container was killed for want of
        /// memory. The case then has another container.
        private func checkOften(_ test: Case, _ image: String, _ fleet: Fleet) async throws {
            for round in 1...4 {
                let id = try await check(test, image, fleet, round)
                guard test.name == "oom" else { return }
                if try await fleet.world.engine.inspect(id.text)?.State.OOMKilled == true { return }
            }
            Issue.record("the Docker Engine noticed no container of \(test.name) that was killed for want of memory")
        }

        private func check(_ test: Case, _ image: String, _ fleet: Fleet, _ round: Int) async throws -> ContainerID {
            var test = test
            let game: GameID = "\(test.name)-\(image == fleet.world.image ? "plain" : "lying")-\(round)"
            let command = JSONText.array(test.command)
            let more = #""cmd":\#(command),"limits":{"memory":"\#(test.memory)"}"#
            let start = try await fleet.finish("\(game)-1", fleet.start("\(game)-1", game: game, image: image, more))
            #expect(start.effect == .started, "\(game): \(start.error ?? "")")
            let id = try #require(start.containerID)
            if let timeout = test.stopTimeout {
                if test.command.contains(where: { $0.contains("echo trapped") }) {
                    try await eventually("the trap of the shell", until: { $0.contains("trapped") }) {
                        try await fleet.world.engine.docker("logs", id.text)
                    }
                }
                let stop = Fleet.message(.stop, "\(game)-2", game: game, #""stop_timeout_seconds":\#(timeout)"#)
                #expect(try await fleet.finish("\(game)-2", stop).effect == .stopped)
            }
            if let by = test.by { try await fleet.world.engine.docker(by + [id.text]) }
            if test.name == "oom" {
                let ended = try await eventually(
                    "the end of \(game)",
                    until: { $0?.Status == "exited" }
                ) {
                    try await fleet.world.engine.inspect(id.text)?.State
                }
                if ended?.OOMKilled == false { (test.reason, test.steps) = ("killed", ["started", "exited"]) }
            }
            let events = try await fleet.events(ofGame: game, until: test.steps)
            #expect(Fleet.steps(events) == test.steps, "\(game)")
            let exit = try #require(events.first { $0["event"] == "exited" })
            #expect(exit["exit_code"] == test.code && exit["reason"] == test.reason, "\(game): \(exit)")
            #expect(events.allSatisfy { $0["image"] == image && $0["container_name"] == fleet.containerName(game) })
            if test.steps.contains("oom") { #expect(exit["oom_killed"] == "true") }
            return id
        }

        @Test("each change of health is published once")
        func health() async throws {
            let world = try #require(EngineWorld.current)
            let image = "\(world.prefix)-health:1"
            try await TestImage.make(
                image,
                on: world.engine,
                changes: ["HEALTHCHECK --interval=1s --timeout=5s --retries=1 CMD [\"/bin/ls\",\"/tmp/well\"]"]
            )
            try await Fleet.with(world: world) { fleet in
                let start = try await fleet.finish("h-1", fleet.start("h-1", game: "g", image: image))
                let id = try #require(start.containerID)
                try await fleet.events(ofGame: "g", until: ["started", "unhealthy"])
                try await world.engine.docker("exec", id.text, "/bin/sh", "-c", "echo > /tmp/well")
                try await fleet.events(ofGame: "g", until: ["started", "unhealthy", "healthy"])
                _ = try await fleet.finish("h-2", Fleet.message(.remove, "h-2", game: "g", #""force":true"#))
                let events = try await fleet.untilPublished([id])
                #expect(events.map { $0["event"] } == ["started", "unhealthy", "healthy", "exited", "removed"])
                #expect(events[1]["action"] == "health_status: unhealthy" && events[1]["source"] == "docker")
            }
        }

        @Test("an exit has its code and reason, even if Docker restarts the container")
        func restartPolicy() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let command = JSONText.array(Self.shell("sleep 1; exit 7"))
                let start = fleet.start("p-1", game: "g", #""cmd":\#(command)"#)
                let id = try #require(try await fleet.finish("p-1", start).containerID)
                try await fleet.world.engine.docker("update", "--restart=always", id.text)
                // Docker pauses 0.1 s before the first restart, and twice as long before each next one.
                let steps = (1...5).flatMap { _ in ["started", "exited"] }
                let events = try await fleet.events(ofGame: "g", until: steps)
                #expect(events.prefix(10).map { $0["event"] } == steps)
                let exits = events.filter { $0["event"] == "exited" }
                for exit in exits.dropFirst(3) {
                    #expect(exit["exit_code"] == "7" && exit["reason"] == "crashed", "\(exit)")
                }
                // A busy machine may look only when the next run has begun. Then nobody knows the code any more.
                for exit in exits.prefix(3) { #expect(exit["exit_code"] ?? "7" == "7", "\(exit)") }
                _ = try await fleet.finish("p-2", Fleet.message(.remove, "p-2", game: "g", #""force":true"#))
                try await fleet.untilPublished([id])
            }
        }

        @Test("out-of-memory kills and changes of health in a loop publish about one event a second")
        func loops() async throws {
            let world = try #require(EngineWorld.current)
            let flapping = "\(world.prefix)-flapping:1"
            let check = "if [ -e /tmp/w ]; then /bin/busybox rm /tmp/w; exit 1; else echo > /tmp/w; fi"
            try await TestImage.make(
                flapping,
                on: world.engine,
                changes: ["HEALTHCHECK --interval=100ms --timeout=5s --retries=1 CMD \(check)"]
            )
            try await Fleet.with(world: world) { fleet in
                let eating = JSONText.array(Self.shell("while :; do \(Self.eat); done"))
                let more = #""cmd":\#(eating),"limits":{"memory":"8m"}"#
                let labels = #","labels":{"team":"red"}"#
                _ = try await fleet.finish("l-1", fleet.start("l-1", game: "oom", more + labels))
                _ = try await fleet.finish("l-2", fleet.start("l-2", game: "sick", image: flapping))
                try await eventually(
                    "five ooms and five changes of health",
                    within: .seconds(60),
                    until: { $0.allSatisfy { $0 >= 5 } }
                ) {
                    let events = try await fleet.events()
                    return ["oom", "sick"].map { game in
                        events.count { $0["game_id"] == game && $0["count"] != nil }
                    }
                }
                let entries = try await fleet.client.send(RedisCommand("XRANGE", .string(fleet.keys.events), "-", "+"))
                var times: [String: [Int]] = [:]
                for entry in entries.array ?? [] {
                    guard let parts = entry.array, let id = parts.first?.string,
                        let time = id.split(separator: "-").first.flatMap({ Int($0) }),
                        let fields = parts.last?.array?.map({ $0.string ?? "" })
                    else { continue }
                    let values = Dictionary(
                        stride(from: 0, to: fields.count - 1, by: 2).map { (fields[$0], fields[$0 + 1]) }
                    ) { first, _ in first }
                    guard values["count"] != nil, let game = values["game_id"] else { continue }
                    times[game, default: []].append(time)
                    if game == "oom" { #expect(values["labels"] == #"{"team":"red"}"#) }
                }
                for (game, times) in times {
                    let pauses = zip(times, times.dropFirst()).map { $1 - $0 }
                    #expect(pauses.allSatisfy { $0 >= 900 }, "\(game): \(pauses) ms")
                }
                let stood = try await fleet.events(ofGame: "oom").compactMap { $0["count"].flatMap { Int($0) } }
                print("ooms that the events stood for: \(stood)")
                #expect(stood.reduce(0, +) > stood.count)
            }
        }

        @Test("only containers of this namespace have events, even if an image has our labels")
        func inheritedLabels() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let ours = try await fleet.runByHand(game: "real")
                let image = "\(fleet.world.prefix)-committed:1"
                try await fleet.world.engine.docker("commit", ours.text, image)
                let name = "\(fleet.namePrefix)copy"
                try await fleet.world.engine.docker("run", "--detach", "--init", "--name", name, image)
                try await fleet.world.engine.docker("rm", "--force", name, ours.text)
                let events = try await fleet.untilPublished([ours])
                #expect(Set(events.map { $0["container_id"] }) == [ours.text])
            }
        }
    }
}

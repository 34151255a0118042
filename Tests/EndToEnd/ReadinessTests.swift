import Foundation
import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    @Suite("A start that waits until its game is ready", .engineWorld, .timeLimit(.minutes(5)))
    struct ReadinessTests {
        private static let waits = #""ready_timeout_seconds":30"#
        /// Listens after a while, and serves no page: every path answers 404.
        private static let server = [
            "/bin/busybox", "sh", "-c", "sleep 1; exec /bin/busybox httpd -f -p 9000 -h /tmp",
        ]

        private func image(
            _ name: String,
            _ command: [String],
            labels: [String: String] = [:],
            changes: [String] = []
        ) async throws -> String {
            let world = try #require(EngineWorld.current)
            let image = "\(world.prefix)-\(name):1"
            let all = labels.merging(["com.galaxy.port": "9000"]) { $1 }
            try await TestImage.make(image, on: world.engine, command: command, labels: all, changes: changes)
            return image
        }

        @Test("succeeds when the port accepts, the path answers or the health check is healthy")
        func becomesReady() async throws {
            let check = "HEALTHCHECK --interval=1s --timeout=1s --retries=1 CMD [\"/bin/busybox\",\"true\"]"
            let images = [
                "port": try await image("port", Self.server),
                "path": try await image("path", Self.server, labels: ["com.galaxy.ready_path": "/up"]),
                "health": try await image("health", TestImage.idle, changes: [check]),
            ]
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                for (game, image) in images.sorted(by: { $0.key < $1.key }) {
                    try await fleet.push(fleet.start(JobID(game), game: GameID(game), image: image, Self.waits))
                }
                for game in images.keys.sorted() {
                    let result = try await fleet.result(of: JobID(game), within: .seconds(40))
                    #expect(result.effect == .started, "\(game): \(result.error ?? "")")
                    // Each of them takes a second or so to become ready.
                    let taken = try #require(result.fields["taken_at"])
                    let finished = try #require(result.fields["finished_at"])
                    #expect(taken < finished)
                }
                let shown = try await fleet.world.engine.docker(
                    "inspect",
                    "--format",
                    "{{.State.Health.Status}}",
                    fleet.containerName("health")
                )
                #expect(shown == "healthy\n")
            }
        }

        @Test("fails when the game does not answer in time or exits, and removes the container")
        func doesNotBecomeReady() async throws {
            let ending = try await image("ends", ["/bin/busybox", "sh", "-c", "sleep 1; exit 3"])
            let deaf = try await image("deaf", TestImage.idle)
            let broken = try await image(
                "broken",
                ["/bin/busybox", "sh", "-c", "while :; do echo 'HTTP/1.1 503 No' | nc -l -p 9000; done"],
                labels: ["com.galaxy.ready_path": "/"]
            )
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let late = #""ready_timeout_seconds":2"#
                let jobs = [("ends", ending, Self.waits), ("deaf", deaf, late), ("broken", broken, late)]
                for (game, image, more) in jobs {
                    try await fleet.push(fleet.start(JobID(game), game: GameID(game), image: image, more))
                }
                for (game, _, _) in jobs {
                    let result = try await fleet.result(of: JobID(game))
                    #expect(result.errorCode == "not_ready", "\(game): \(result.error ?? "")")
                    #expect(result.fields["attempts"] == "1")
                }
                #expect(try await fleet.result(of: "ends").error?.contains("exit code 3") == true)
                #expect(try await fleet.containers().isEmpty)
            }
        }

        @Test("also a restart waits, by its own fields or those of the former start")
        func restarted() async throws {
            let server = try await image("again", Self.server)
            let deaf = try await image("deaf-again", TestImage.idle)
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let first = try await fleet.finish("s", fleet.start("s", game: "g", image: server, Self.waits))
                let again = try await fleet.finish("r-1", Fleet.message(.restart, "r-1", game: "g"))
                #expect(again.effect == .started && again.containerID != first.containerID)
                let started = try #require(again.fields["started_at"].flatMap { Timestamp(rfc3339: $0) })
                let finished = try #require(again.fields["finished_at"].flatMap { Timestamp(rfc3339: $0) })
                // It listens a second after its begin.
                #expect(started.advanced(by: .milliseconds(800)) < finished)
                let late = #""image":"\#(deaf)","ready_timeout_seconds":2"#
                let failed = try await fleet.finish("r-2", Fleet.message(.restart, "r-2", game: "g", late))
                #expect(failed.errorCode == "not_ready" && failed.containerID == nil)
                #expect(try await fleet.containers().isEmpty)
                // What ran last is what a restart starts.
                let back = try await fleet.finish("r-3", Fleet.message(.restart, "r-3", game: "g"))
                #expect(back.effect == .started, "\(back.error ?? "")")
                let shown = try #require(try await fleet.world.engine.inspect(fleet.containerName("g")))
                #expect(shown.Config.Image == server)
            }
        }

        @Test("is superseded by a stop within 2 s, and leaves nothing behind")
        func cancelled() async throws {
            let deaf = try await image("waits", TestImage.idle)
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let more = #""ready_timeout_seconds":600"#
                try await fleet.push(fleet.start("r-1", game: "slow", image: deaf, more))
                try await eventually("the container", until: { $0.count == 1 }) {
                    try await fleet.containers(all: false)
                }
                let begun = ContinuousClock.now
                try await fleet.push(Fleet.message(.stop, "r-2", game: "slow"))
                #expect(try await fleet.result(of: "r-1").outcome == .superseded)
                #expect(ContinuousClock.now - begun < .seconds(5))
                #expect(try await fleet.result(of: "r-2").effect == .alreadyAbsent)
                #expect(try await fleet.containers().isEmpty)
            }
        }

        @Test("continues to wait in the worker that takes over from a killed one")
        func takenOver() async throws {
            let world = try #require(EngineWorld.current)
            let slow = try await image(
                "slow",
                ["/bin/busybox", "sh", "-c", "sleep 6; exec /bin/busybox httpd -f -p 9000 -h /tmp"]
            )
            try await Fleet.with(workers: 2, settings: ["RTM_LEASE_TTL_SECONDS": "2"], world: world) { fleet in
                try await fleet.push(fleet.start("w-1", game: "heir", image: slow, Self.waits))
                let runner = try await fleet.runner(of: "w-1")
                try await eventually("the container", until: { $0.count == 1 }) {
                    try await fleet.containers(all: false)
                }
                let ids = try await fleet.containers()
                await runner.kill9()
                let result = try await fleet.result(of: "w-1", within: .seconds(40))
                #expect(result.effect == .started, "\(result.error ?? "")")
                #expect(try await fleet.containers() == ids)
            }
        }
    }
}

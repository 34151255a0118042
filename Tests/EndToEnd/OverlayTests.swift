import DockerEngine
import DockerPort
import Foundation
import JobContract
import Primitives
import Support
import Testing

extension Deployment {
    /// Two real Docker Engines in one Swarm: `a` is the manager, `b` a worker. Games run on an overlay network.
    @Suite("Games on an overlay network of a Swarm", .timeLimit(.minutes(5)))
    struct OverlayTests {
        private static let overlay = "far-net"
        private static let waits = #""ready_timeout_seconds":30"#
        /// Serves no page: every path answers 404.
        private static let server = ["/bin/busybox", "httpd", "-f", "-p", "9000", "-h", "/tmp"]

        /// The hosts of a test, and images on both of them.
        private struct Hosts: Sendable {
            let swarm: PrivateSwarm
            /// Of the Swarm worker `b`.
            let world: EngineWorld
            let portImage: String
            let pathImage: String

            static func with(_ body: (Hosts) async throws -> Void) async throws {
                try await PrivateSwarm.with { swarm in
                    try await swarm.makeOverlay(OverlayTests.overlay, subnet: "10.214.5.0/24", "--attachable")
                    try await swarm.makeOverlay("closed-net", subnet: "10.214.6.0/24")
                    try await swarm.makeOverlay("inner-net", subnet: "10.214.7.0/24", "--attachable", "--internal")
                    try await EngineWorld.with(on: swarm.worker.engine) { world in
                        let (port, path) = ("\(world.prefix)-port:1", "\(world.prefix)-path:1")
                        let labels = ["com.galaxy.port": "9000"]
                        let more = labels.merging(["com.galaxy.ready_path": "/up"]) { $1 }
                        for (image, engine, labels) in [
                            (port, world.engine, labels), (port, swarm.manager.engine, labels),
                            (path, world.engine, more),
                        ] {
                            try await TestImage.make(image, on: engine, command: OverlayTests.server, labels: labels)
                        }
                        try await body(Hosts(swarm: swarm, world: world, portImage: port, pathImage: path))
                    }
                }
            }

            /// Runs a fleet with a worker on `b`.
            func withFleet(on network: String, _ body: @Sendable (Fleet) async throws -> Void) async throws {
                let settings = [
                    "RTM_NODE": "b", "RTM_NETWORK": network, "RTM_LEASE_TTL_SECONDS": "3", "RTM_LOG_LEVEL": "info",
                ]
                try await Fleet.with(workers: 0, settings: settings, world: world) { fleet in
                    _ = try await startWorker(fleet)
                    try await body(fleet)
                }
            }

            /// Starts a worker on the host `b`, whose network is its own.
            func startWorker(_ fleet: Fleet, _ more: [String: String] = [:]) async throws -> WorkerProcess {
                let settings = ["RTM_REDIS_URL": fleet.redis.unixURL].merging(more) { $1 }
                return try await fleet.startWorker(settings, on: swarm.worker.host)
            }
        }

        @Test("are ready, are restarted and reached from another host; bad networks end in a sentence")
        func wholeStory() async throws {
            try await Hosts.with { hosts in
                try await hosts.withFleet(on: Self.overlay) { fleet in
                    #expect(try await networkFinding(fleet).text.contains("is not listed here"))
                    let endpoint = try await becomesReady(fleet, hosts)
                    try await isReached(at: endpoint, from: hosts, fleet)
                    try await isReconciled(fleet, hosts)
                }
                try await keepsRules(hosts)
                try await badNetworks(hosts)
                try await afterLeaving(hosts)
            }
        }

        /// What the doctor finds about the network on `b`.
        private func networkFinding(_ fleet: Fleet) async throws -> (level: String, text: String) {
            let output = try await fleet.run("doctor", "--output", "json").output
            for line in output.split(separator: "\n") {
                guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                    object["check"] as? String == "network"
                else { continue }
                return (object["level"] as? String ?? "", object["text"] as? String ?? "")
            }
            throw Overdue("no finding about the network in: \(output)")
        }

        /// Starts and restarts games on the Swarm worker, by port and by path. Returns the endpoint of `one`.
        private func becomesReady(_ fleet: Fleet, _ hosts: Hosts) async throws -> String {
            try await fleet.push(fleet.start("s-1", game: "one", image: hosts.portImage, Self.waits))
            let path = try await fleet.finish(
                "s-2",
                fleet.start("s-2", game: "two", image: hosts.pathImage, Self.waits)
            )
            #expect(path.effect == .started, "\(path.error ?? "")")
            let first = try await fleet.result(of: "s-1")
            #expect(first.effect == .started, "\(first.error ?? "")")
            let finding = try await networkFinding(fleet)
            #expect(finding == ("ok", "\(Self.overlay) is there, an overlay network of the Swarm"))
            let again = try await fleet.finish("r-1", Fleet.message(.restart, "r-1", game: "one"))
            #expect(again.effect == .started && again.containerID != first.containerID, "\(again.error ?? "")")
            try await fleet.events(ofGame: "one", until: ["started", "exited", "removed", "started"])
            let endpoint = try #require(again.engineEndpoint)
            #expect(endpoint == "http://\(fleet.containerName("one")):9000" && endpoint == first.engineEndpoint)
            return endpoint
        }

        /// Asks at the endpoint from a game on the host `a`.
        private func isReached(at endpoint: String, from hosts: Hosts, _ fleet: Fleet) async throws {
            let manager = hosts.swarm.manager
            let settings = [
                "DOCKER_HOST": manager.engine.host, "RTM_NODE": "a", "RTM_REDIS_URL": fleet.redis.unixURL,
            ]
            // Placement prefers `a`, but takes `b` if `a` is slow to answer.
            #expect(try await fleet.run("node", "drain", "b").exitCode == 0)
            try await fleet.startWorker(settings, on: manager.host)
            let far = try await fleet.finish(
                "s-3",
                fleet.start("s-3", game: "three", image: hosts.portImage, Self.waits)
            )
            #expect(try await fleet.run("node", "resume", "b").exitCode == 0)
            #expect(far.effect == .started && far.fields["node"] == "a", "\(far.fields)")
            let host = endpoint.dropFirst("http://".count).replacing(":", with: " ")
            let ask = #"printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 5 \#(host)"#
            let answer = try await manager.engine.docker("exec", fleet.containerName("three"), "/bin/sh", "-c", ask)
            #expect(answer.contains("404 Not Found"), "\(answer)")
            let removed = try await fleet.finish("x-3", Fleet.message(.remove, "x-3", game: "three", #""force":true"#))
            #expect(removed.effect == .removed)
        }

        /// A restart of dockerd ends all games, because Swarm refuses live-restore. The next worker finds the ends.
        private func isReconciled(_ fleet: Fleet, _ hosts: Hosts) async throws {
            for worker in fleet.workers { await worker.kill9() }
            try await hosts.swarm.worker.stop()
            try await hosts.swarm.worker.start()
            _ = try await hosts.startWorker(fleet)
            let steps = ["started", "exited", "removed", "started", "exited"]
            let events = try await fleet.events(ofGame: "one", until: steps)
            #expect(events.last?["source"] == "reconcile" && events.last?["node"] == "b", "\(events)")
            let started = try await fleet.finish(
                "s-4",
                fleet.start("s-4", game: "one", image: hosts.pathImage, Self.waits)
            )
            #expect(started.effect == .started, "\(started.error ?? "")")
            for game: GameID in ["one", "two"] {
                let id = JobID("x-\(game)")
                let removed = try await fleet.finish(id, Fleet.message(.remove, id, game: game, #""force":true"#))
                #expect(removed.effect == .removed, "\(removed.error ?? "")")
            }
            #expect(try await fleet.containers().isEmpty)
        }

        private func keepsRules(_ hosts: Hosts) async throws {
            let engine = hosts.world.engine
            var environment = DockerConformance.Environment(
                image: hosts.world.image,
                stubbornImage: hosts.world.stubbornImage,
                endingImage: hosts.world.endingImage,
                pullableImage: "",
                unknownImage: "",
                network: hosts.world.network,
                prefix: hosts.world.prefix,
                output: { try await engine.docker("logs", $0.text) }
            )
            environment.overlay = Self.overlay
            let configuration = try DockerEngine.Configuration(environment: ["DOCKER_HOST": engine.host])
            let rules = environment
            try await DockerEngine.withEngine(configuration: configuration) { client in
                let conformance = DockerConformance(client: client, environment: rules)
                for rule in [DockerConformance.Rule.inspectsNetworks, .reachesOverlays] {
                    try await conformance.check(rule)
                }
            }
        }

        private func badNetworks(_ hosts: Hosts) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (network, code, words) in [
                    ("no-net", "network_missing", "neither the Docker Engine nor its Swarm has the network"),
                    ("closed-net", "start_failed", "a Swarm network that was created without --attachable"),
                    ("inner-net", "not_ready", "give the image a HEALTHCHECK"),
                ] {
                    group.addTask {
                        try await hosts.withFleet(on: network) { fleet in
                            let start = fleet.start("s-1", game: "one", image: hosts.portImage, Self.waits)
                            let result = try await fleet.finish("s-1", start)
                            #expect(result.errorCode == code && result.fields["attempts"] == "1", "\(result.fields)")
                            #expect(result.error?.contains(words) == true, "\(result.error ?? "")")
                            #expect(try await fleet.containers().isEmpty)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        /// Games run on when their node leaves the Swarm. Starts end at once.
        private func afterLeaving(_ hosts: Hosts) async throws {
            try await hosts.withFleet(on: Self.overlay) { fleet in
                let first = try await fleet.finish("s-1", fleet.start("s-1", game: "one", image: hosts.portImage))
                #expect(first.effect == .started)
                // Docker deletes its end of the network with the only container there, and makes it again.
                let started = try await fleet.finish("r-0", Fleet.message(.restart, "r-0", game: "one"))
                #expect(started.effect == .started, "\(started.error ?? "")")
                try await hosts.world.engine.docker("swarm", "leave")
                let finding = try await networkFinding(fleet)
                #expect(finding.level == "failure" && finding.text.contains("which is in no Swarm"), "\(finding)")
                let refused = try await fleet.finish("s-2", fleet.start("s-2", game: "two", image: hosts.portImage))
                #expect(refused.errorCode == "network_missing", "\(refused.error ?? "")")
                let again = try await fleet.finish("r-1", Fleet.message(.restart, "r-1", game: "one"))
                #expect(again.errorCode == "network_missing" && again.error?.contains("in no Swarm") == true)
                // The restart has not stopped the game.
                #expect(try await fleet.containers(all: false) == [try #require(started.containerID)])
                let stopped = try await fleet.finish("t-1", Fleet.message(.stop, "t-1", game: "one"))
                #expect(stopped.effect == .stopped)
            }
        }
    }
}

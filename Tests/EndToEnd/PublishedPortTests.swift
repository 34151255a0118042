import Foundation
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("The published port of a game", .engineWorld, .timeLimit(.minutes(5)))
    struct PublishedPortTests {
        /// Serves no page: every path answers 404.
        private static let server = ["/bin/busybox", "httpd", "-f", "-p", "9000", "-h", "/tmp"]

        private func image() async throws -> String {
            let world = try #require(EngineWorld.current)
            let image = "\(world.prefix)-published:1"
            try await TestImage.make(image, on: world.engine, command: Self.server, labels: ["com.galaxy.port": "9000"])
            return image
        }

        private func answer(of endpoint: String) async throws -> String {
            try await Tool.run(["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", endpoint])
        }

        @Test("is in the endpoint, is asked for readiness, and passes over a port that another program holds")
        func range() async throws {
            let image = try await image()
            // The port of the silent server is the first of the range.
            try await SilentServer.with { other in
                let settings = ["RTM_ADVERTISE": "127.0.0.1:\(other.port)-\(other.port + 40)"]
                try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                    let wait = #""ready_timeout_seconds":30"#
                    let first = try await fleet.finish("p-1", fleet.start("p-1", game: "one", image: image, wait))
                    #expect(first.effect == .started, "\(first.error ?? "")")
                    let endpoint = try #require(first.engineEndpoint)
                    let port = try #require(endpoint.split(separator: ":").last.flatMap { Int($0) })
                    #expect((other.port + 1...other.port + 40).contains(port))
                    #expect(endpoint == "http://127.0.0.1:\(port)")
                    #expect(try await answer(of: endpoint) == "404")
                    let again = try await fleet.finish("p-2", fleet.start("p-2", game: "one", image: image))
                    #expect(again.effect == .alreadyRunning && again.engineEndpoint == endpoint)
                    let restarted = try await fleet.finish("p-3", Fleet.message(.restart, "p-3", game: "one"))
                    #expect(restarted.effect == .started && restarted.engineEndpoint == endpoint)
                    let second = try await fleet.finish("p-4", fleet.start("p-4", game: "two", image: image))
                    #expect(second.effect == .started && second.engineEndpoint != endpoint)
                }
            }
        }

        @Test("is any free port without a range")
        func anyPort() async throws {
            let image = try await image()
            let settings = ["RTM_ADVERTISE": "games.example", "RTM_ADVERTISE_BIND": "0.0.0.0"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let result = try await fleet.finish("p-1", fleet.start("p-1", game: "one", image: image))
                let port = try #require(result.engineEndpoint?.split(separator: ":").last)
                #expect(result.engineEndpoint == "http://games.example:\(port)")
                try await eventually("an answer at the published port", until: { $0 == "404" }) {
                    try await answer(of: "http://127.0.0.1:\(port)")
                }
            }
        }

        @Test("needs a free port of the range: the next start waits, and says for what")
        func usedUp() async throws {
            let image = try await image()
            let port = try FreePort.find()
            let settings = ["RTM_ADVERTISE": "127.0.0.1:\(port)-\(port)"]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                _ = try await fleet.finish("p-1", fleet.start("p-1", game: "one", image: image))
                try await fleet.push(fleet.start("p-2", game: "two", image: image))
                try await eventually("the reason", until: { $0.contains("no capacity: 1 of 1 ports") }) {
                    let flags = ["--redis-url", fleet.redis.url, "--namespace", fleet.keys.namespace]
                    return try await Tool.run([try Program.path, "job", "p-2"] + flags)
                }
                _ = try await fleet.finish("t", Fleet.message(.stop, "t", game: "one"))
                #expect(try await fleet.result(of: "p-2").effect == .started)
            }
        }
    }
}

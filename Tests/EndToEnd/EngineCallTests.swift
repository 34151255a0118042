import Foundation
import JobContract
import Support
import Testing

extension Deployment {
    @Suite("Calls to the Docker Engine", .engineWorld, .timeLimit(.minutes(3)))
    struct EngineCallTests {
        /// The allowed paths of `deploy/socket-proxy/rtmanager.env`, by method.
        private static func allowed() throws -> [String: Regex<AnyRegexOutput>] {
            let path = ContractSchemas.root.appending(path: "deploy/socket-proxy/rtmanager.env")
            var rules: [String: Regex<AnyRegexOutput>] = [:]
            for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
                guard let match = line.firstMatch(of: #/^SP_ALLOW_([A-Z]+)=(.+)$/#), match.1 != "FROM" else { continue }
                rules[String(match.1)] = try Regex(String(match.2))
            }
            return rules
        }

        /// Returns a path without version, ids and names: `GET /containers/{}/json`.
        private static func route(_ call: String) -> String {
            call.replacing(#/ \/v1\.[0-9]+/#, with: " ")
                .replacing(#/(containers|networks)\/(?!json$|create$)[^\/]+/#) { "\($0.1)/{}" }
                .replacing(#/images\/(?!create$).+\/json/#, with: "images/{}/json")
        }

        /// docs/security.md has these, and what each is for.
        private static let routes: Set = [
            "GET /_ping", "GET /info", "GET /events", "GET /networks/{}", "GET /images/{}/json", "POST /images/create",
            "GET /containers/json", "GET /containers/{}/json", "POST /containers/create", "POST /containers/{}/start",
            "POST /containers/{}/stop", "POST /containers/{}/kill", "DELETE /containers/{}",
            "POST /networks/{}/disconnect",
        ]

        @Test("a worker makes only the calls that docs/security.md names and the socket proxy allows")
        func calls() async throws {
            let world = try #require(EngineWorld.current)
            let calls = try await EngineProxy.with(to: world.engine.host) { proxy in
                let settings = ["DOCKER_HOST": proxy.host, "RTM_ALLOWED_IMAGES": "\(world.prefix)*,127.0.0.1:1/none:1"]
                try await Fleet.with(settings: settings, world: world) { fleet in
                    let more = #""ready_timeout_seconds":20"#
                    _ = try await fleet.finish("s1", fleet.start("s1", game: "g1", more))
                    _ = try await fleet.finish("r1", Fleet.message(.restart, "r1", game: "g1"))
                    _ = try await fleet.finish("e1", Fleet.message(.stop, "e1", game: "g1"))
                    _ = try await fleet.finish("d1", Fleet.message(.remove, "d1", game: "g1"))
                    // An image that nobody has, for the pull.
                    let pull = #""image":"127.0.0.1:1/none:1","max_attempts":1"#
                    _ = try await fleet.finish("p1", Fleet.message(.start, "p1", game: "g2", pull))
                }
                return proxy.calls
            }
            let made = Set(calls.map(Self.route))
            #expect(made.subtracting(Self.routes) == [])
            // The rest need an Engine in trouble: `kill` after a stop without an answer, `disconnect` of a lost endpoint.
            #expect(
                Self.routes.subtracting(made).isSubset(of: ["POST /containers/{}/kill", "POST /networks/{}/disconnect"])
            )
            let rules = try Self.allowed()
            for call in calls {
                let parts = call.split(separator: " ", maxSplits: 1)
                let rule = try #require(rules[String(parts[0])], "\(call)")
                #expect(try rule.wholeMatch(in: parts[1]) != nil, "\(call)")
            }
            for call in ["POST /v1.41/containers/x/kill", "POST /v1.41/networks/n/disconnect"] {
                #expect(try rules["POST"]?.wholeMatch(in: call.dropFirst(5)) != nil)
            }
            for call in ["/v1.41/containers/x/exec", "/v1.41/build", "/v1.41/volumes/create", "/v1.41/swarm/init"] {
                #expect(try rules["POST"]?.wholeMatch(in: call) == nil)
            }
            for call in ["/v1.41/containers/x/archive", "/v1.41/secrets", "/v1.41/containers/x/logs", "/v1.41/volumes"]
            {
                #expect(try rules["GET"]?.wholeMatch(in: call) == nil)
            }
            let page = try String(contentsOf: ContractSchemas.root.appending(path: "docs/security.md"), encoding: .utf8)
            for route in Self.routes { #expect(page.contains("`\(route.replacing("{}", with: "ID"))`"), "\(route)") }
        }
    }
}

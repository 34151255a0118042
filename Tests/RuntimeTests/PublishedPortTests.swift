import DockerPort
import JobContract
import Primitives
import Redis
import RuntimeCore
import Support
import Testing

@Suite("Published ports, with a fake Docker Engine and a real Redis", .timeLimit(.minutes(1)))
struct PublishedPortTests {
    private let host = Advertisement(host: "games.example", address: "127.0.0.1")

    @Test("stand in the result, in a repeated start, and in what runs now")
    func endpoint() async throws {
        try await WorkerWorld.with { world in
            try await world.withWorker(policy: { $0.advertised = host }) { _ in
                try await world.push(.start, "s1")
                let first = try await world.result("s1")
                let endpoint = try #require(first.engineEndpoint)
                #expect(endpoint.hasPrefix("http://games.example:4915"))
                try await world.push(.start, "s2")
                #expect(try await world.result("s2").engineEndpoint == endpoint)
                // JSON in Redis escapes slashes.
                let place = String(endpoint.dropFirst("http://".count))
                try await eventually("the field of the game", until: { $0.contains(place) }) { try await field(world) }
            }
        }
    }

    @Test("of a range that another program holds are passed over")
    func taken() async throws {
        var host = host
        host.ports = 30_000...30_003
        try await WorkerWorld.with { [host] world in
            for port in 30_000...30_001 { await world.docker.hold(port: port) }
            try await world.withWorker(ports: host.ports, policy: { $0.advertised = host }) { _ in
                try await world.push(.start, "s1", game: "g1")
                #expect(try await world.result("s1").engineEndpoint == "http://games.example:30002")
                try await world.push(.start, "s2", game: "g2")
                #expect(try await world.result("s2").engineEndpoint == "http://games.example:30003")
                try await world.push(.restart, "r1", game: "g1")
                #expect(try await world.result("r1").engineEndpoint == "http://games.example:30002")
            }
        }
    }

    private func field(_ world: WorkerWorld) async throws -> String {
        try await world.client.send(RedisCommand("HGET", "{rtm}:games", "g1")).string ?? ""
    }
}

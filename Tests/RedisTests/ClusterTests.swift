import Logging
import Redis
import Support
import Testing

@Suite("A Redis Cluster", .timeLimit(.minutes(3)))
struct ClusterTests {
    /// The key whose node all commands are for.
    static let home = "{games}:meta"

    static func configuration(_ url: String) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: url)
        configuration.homeKey = home
        return configuration
    }

    static func set(_ client: RedisClient, within limit: Duration = patience) async -> RedisValue? {
        await outcome { try await client.send(RedisCommand("SET", "{games}:k", "v"), timeout: limit) }.value
    }

    @Test("leads to the node of the key from every node, also by a replica")
    func everyNode() async throws {
        try await PrivateCluster.with { cluster in
            let home = try await cluster.home(of: Self.home)
            for node in cluster.nodes {
                let configuration = try Self.configuration(node.url)
                try await RedisClient.withClient(configuration, logger: .silent) { client in
                    #expect(await Self.set(client) == .status("OK"), "from \(node.port) to \(home.port)")
                    let waiting = RedisBlockingConnection(configuration, beside: client, logger: .silent)
                    _ = try await client.send(RedisCommand("RPUSH", "{games}:q", "x"))
                    let first = try await waiting.send(
                        RedisCommand("BLPOP", "{games}:q", 5),
                        serverTimeout: .seconds(5)
                    )
                    #expect(first.array?.last?.string == "x")
                    await waiting.close()
                }
            }
        }
    }

    @Test("leads to the new node after a failover by order, after kill -9, and after the move of the slot")
    func changes() async throws {
        try await PrivateCluster.with { cluster in
            try await RedisClient.withClient(try Self.configuration(cluster.url), logger: .silent) { client in
                #expect(await Self.set(client) == .status("OK"))
                let first = try await cluster.home(of: Self.home)
                let second = try #require(try await cluster.replicas(of: first).first)
                try await cluster.cli(second, "CLUSTER", "FAILOVER")
                try await Self.untilServed(by: second, client, cluster)
                try await eventually("the former master to follow", until: { !$0.isEmpty }) {
                    try await cluster.replicas(of: second)
                }
                await second.kill9()
                try await Self.untilServed(by: first, client, cluster)
                let third = try #require(
                    try await cluster.masters().first { $0.port != first.port && $0.port != second.port }
                )
                try await cluster.moveSlot(of: Self.home, from: first, to: third)
                try await Self.untilServed(by: third, client, cluster)
            }
        }
    }

    private static func untilServed(
        by node: PrivateRedis,
        _ client: RedisClient,
        _ cluster: PrivateCluster
    ) async throws {
        try await eventually("node \(node.port) to be the home") {
            (try? await cluster.home(of: home).port) == node.port
        }
        try await eventually("a write", until: { $0 == .status("OK") }) {
            await set(client, within: .seconds(1))
        }
        #expect(try await cluster.cli(node, "EXISTS", "{games}:k").hasPrefix("1"))
    }
}

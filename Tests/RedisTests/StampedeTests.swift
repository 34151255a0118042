import Logging
import Redis
import Support
import Testing

/// A fleet that has lost its server at once must not come back at once.
@Suite("Many clients of one Redis", .tags(.timing), .timeLimit(.minutes(2)))
struct StampedeTests {
    private static let clients = 200

    /// Runs `body` beside as many clients as a large fleet has.
    private func withFleet(
        _ body: ([RedisClient], PrivateRedis) async throws -> Void
    ) async throws {
        try await PrivateRedis.with { redis in
            let configuration = try RedisConfiguration(url: redis.url)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let fleet = (0..<Self.clients).map { _ in RedisClient(configuration, logger: logger) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in fleet { group.addTask { try await client.run() } }
                defer { group.cancelAll() }
                try await pingAll(fleet)
                try await body(fleet, redis)
            }
        }
    }

    /// Each client asks once, as a heartbeat does, until it is answered.
    private func pingAll(_ fleet: [RedisClient]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in fleet {
                group.addTask {
                    while true {
                        do {
                            _ = try await client.send(RedisCommand("PING"))
                            return
                        } catch {
                            try Task.checkCancellation()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func connectionsReceived(_ client: RedisClient) async throws -> Int {
        let text = try await client.send(RedisCommand("INFO", "stats")).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_connections_received:") }
        return line.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) } ?? 0
    }

    @Test("reconnect within 5 s of a restart, with few connection attempts each")
    func restart() async throws {
        try await withFleet { fleet, redis in
            await redis.kill9()
            try await redis.restart()
            let begin = ContinuousClock.now
            try await pingAll(fleet)
            let took = begin.duration(to: .now)
            let connections = try await connectionsReceived(fleet[0])
            print("\(Self.clients) clients were back after \(took), by \(connections) connections")
            #expect(took < .seconds(5))
            #expect(connections <= Self.clients + 5)
        }
    }

    @Test("reconnect with one connection each after all were cut at once")
    func killed() async throws {
        try await withFleet { fleet, redis in
            let before = try await connectionsReceived(fleet[0])
            _ = try? await fleet[0].send(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"))
            try await pingAll(fleet)
            #expect(try await connectionsReceived(fleet[0]) - before <= Self.clients + 5)
        }
    }
}

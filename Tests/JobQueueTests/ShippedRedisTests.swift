import Foundation
import Redis
import Support
import Testing

@Suite("The shipped Redis configuration", .timeLimit(.minutes(1)))
struct ShippedRedisTests {
    @Test("redis-server accepts deploy/redis/redis.conf, and has its settings")
    func settings() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appendingPathComponent("deploy/redis/redis.conf").path
        try await QueueWorld.with(redisArguments: ["--include", path]) { world in
            let expected = [
                "maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec",
                "proto-max-bulk-len": "1048576",
            ]
            for (name, value) in expected {
                let pair = try await world.client.send(RedisCommand("CONFIG", "GET", .string(name))).array ?? []
                #expect(pair.last?.string == value, "\(name)")
            }
            // The longest job goes through.
            let longest = String(repeating: " ", count: 65_536)
            try await world.push(longest)
            // A longer argument is refused before Redis reads it: the connection is closed.
            await #expect(throws: RedisError.self) {
                try await world.push(String(repeating: " ", count: 1 << 20 + 1))
            }
        }
    }
}

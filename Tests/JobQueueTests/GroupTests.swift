import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("Consumer groups of the public streams", .timeLimit(.minutes(1)))
struct GroupTests {
    @Test("show the lag of each group, and if it has lost entries")
    func groups() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            #expect(try await worker.streamGroups().isEmpty)
            let key = RedisArgument.string(world.keys.events)
            func send(_ name: String, _ arguments: RedisArgument...) async throws {
                _ = try await world.client.send(RedisCommand(name, arguments: arguments))
            }
            for name in ["ahead", "behind"] {
                try await send("XGROUP", "CREATE", key, .string(name), "0", "MKSTREAM")
            }
            for index in 1...5 { try await send("XADD", key, .string("\(index)000-0"), "event", "started") }
            try await send("XREADGROUP", "GROUP", "ahead", "me", "STREAMS", key, ">")
            for index in 1...5 { try await send("XACK", key, "ahead", .string("\(index)000-0")) }
            try await send("XREADGROUP", "GROUP", "behind", "me", "COUNT", 2, "STREAMS", key, ">")
            try await send("XACK", key, "behind", "1000-0")
            var groups = try await worker.streamGroups()
            #expect(groups.map(\.stream) == ["events", "events"] && groups.map(\.name) == ["ahead", "behind"])
            #expect(groups.map(\.pending) == [0, 1] && groups.map(\.lag) == [0, 3])
            #expect(groups.map(\.oldestNeeded) == [nil, 2_000] && groups.map(\.hasLost) == [false, false])
            try await send("XTRIM", key, "MAXLEN", 2)
            groups = try await worker.streamGroups()
            #expect(groups.map(\.hasLost) == [false, true])
            try await send("XADD", key, "6000-0", "event", "started")
            // Nobody can count the entries behind a position in the middle of a stream.
            try await send("XGROUP", "CREATE", key, "middle", "5000-0")
            let middle = try await worker.streamGroups().last
            #expect(middle?.name == "middle" && middle?.lag == nil && middle?.oldestNeeded == 6_000)
            let now = try await worker.redisTime()
            #expect(now > 1_700_000_000_000)
        }
    }
}

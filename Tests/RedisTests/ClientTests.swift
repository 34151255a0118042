import Logging
import Redis
import Support
import Testing

@Suite("The client on a real Redis", .timeLimit(.minutes(3)))
struct ClientTests {
    @Test("decodes every kind of reply")
    func values() async throws {
        try await withServerAndClient { (_, client) async throws in
            let payload: [UInt8] = [0, 255, 13, 10, 36]
            #expect(try await client.send(RedisCommand("SET", "k", .bytes(payload))) == .status("OK"))
            #expect(try await client.send(RedisCommand("GET", "k")) == .bulk(payload))
            #expect(try await client.send(RedisCommand("GET", "none")) == .null)
            #expect(try await client.send(RedisCommand("INCRBY", "n", 41)) == .integer(41))
            #expect(try await client.send(RedisCommand("GET", "n")).integer == 41)
            #expect(try await client.send(RedisCommand("LRANGE", "l", 0, -1)) == .array([]))
            #expect(try await client.send(RedisCommand("MGET", "n", "none")) == .array([.bulk([52, 49]), .null]))
            let wrongType = await #expect(throws: RedisError.self) {
                try await client.send(RedisCommand("LPUSH", "k", "x"))
            }
            guard case .server(let error) = wrongType else {
                Issue.record("\(String(describing: wrongType))")
                return
            }
            #expect(error.code == "WRONGTYPE")
        }
    }

    @Test("sends and receives megabytes")
    func large() async throws {
        try await withServerAndClient { _, client in
            let payload = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 131) }
            _ = try await client.send(RedisCommand("SET", "big", .bytes(payload)))
            let back = try await client.send(RedisCommand("GET", "big")).bytes
            #expect(back == payload)
        }
    }

    @Test("fails a command whose reply is too large, and reconnects")
    func replyBound() async throws {
        try await withServerAndClient({ $0.maximumReplyBytes = 10_000 }) { _, client in
            _ = try await client.send(RedisCommand("SETRANGE", "big", 20_000, "x"))
            await #expect(throws: RedisError.protocolViolation("a reply is larger than 10000 bytes")) {
                try await client.send(RedisCommand("GET", "big"))
            }
            #expect(try await client.send(RedisCommand("STRLEN", "big")) == .integer(20_001))
        }
    }

    @Test("gives each of 10,000 concurrent tasks its own reply")
    func concurrent() async throws {
        try await withServerAndClient({ $0.maximumInFlight = 20_000 }) { _, client in
            let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<10_000 {
                    group.addTask {
                        try await client.send(RedisCommand("ECHO", .string("\(number)"))).string != "\(number)"
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wrong == 0)
        }
    }

    @Test("writes single commands and pipelines in the order of the calls")
    func order() async throws {
        try await withServerAndClient { _, client in
            for round in 0..<300 {
                if round % 3 == 0 {
                    _ = try await client.pipeline([
                        RedisCommand("RPUSH", "l", .integer(Int64(round))), RedisCommand("INCR", "n"),
                    ])
                } else {
                    _ = try await client.send(RedisCommand("RPUSH", "l", .integer(Int64(round))))
                }
            }
            let list = try await client.send(RedisCommand("LRANGE", "l", 0, -1)).array?.compactMap(\.integer)
            #expect(list == (0..<300).map(Int64.init))
        }
    }

    @Test("returns the replies of a pipeline in order, errors as values")
    func pipeline() async throws {
        try await withServerAndClient { _, client in
            let replies = try await client.pipeline([
                RedisCommand("SET", "k", "v"), RedisCommand("LPUSH", "k", "x"), RedisCommand("GET", "k"),
            ])
            #expect(replies.count == 3)
            #expect(replies.first == .status("OK") && replies.last == .bulk([0x76]))
            if case .error(let error) = replies[1] { #expect(error.code == "WRONGTYPE") } else { Issue.record() }
            #expect(try await client.pipeline([]).isEmpty)
            let many = try await client.pipeline((0..<2_000).map { RedisCommand("ECHO", .integer($0)) })
            #expect(many.compactMap(\.integer) == (0..<2_000).map(Int64.init))
        }
    }

    @Test("refuses commands beyond the bound at once, and accepts commands again afterwards")
    func overloaded() async throws {
        try await withServerAndClient({ $0.maximumInFlight = 10 }) { _, client in
            await #expect(throws: RedisError.overloaded("0 commands are unanswered, 11 more would exceed 10")) {
                try await client.pipeline(Array(repeating: RedisCommand("PING"), count: 11))
            }
            for _ in 0..<20 {
                let replies = try await client.pipeline(Array(repeating: RedisCommand("PING"), count: 10))
                #expect(replies.count == 10)
            }
        }
    }

    @Test("loads a script that the server does not know, also after SCRIPT FLUSH")
    func scripts() async throws {
        try await withServerAndClient { _, client in
            let script = RedisScript(name: "put", source: "redis.call('SET', KEYS[1], ARGV[1]) return #ARGV")
            for _ in 0..<2 {
                let first = try await client.evaluate(script, keys: ["{a}k"], arguments: ["v", 2])
                #expect(first == .integer(2))
                #expect(try await client.evaluate(script, keys: ["{a}k"], arguments: ["w"]) == .integer(1))
                let known = try await client.send(RedisCommand("SCRIPT", "EXISTS", .string(script.sha1)))
                #expect(known == .array([.integer(1)]))
                _ = try await client.send(RedisCommand("SCRIPT", "FLUSH"))
            }
            // The text of a script's own error may say NOSCRIPT; only the code counts.
            let liar = RedisScript(name: "liar", source: "return redis.error_reply('MINE NOSCRIPT')")
            let mine = RedisServerError(code: "MINE", message: "NOSCRIPT")
            for _ in 0..<2 {
                await #expect(throws: RedisError.server(mine)) {
                    try await client.evaluate(liar, keys: [], arguments: [])
                }
            }
        }
    }

    @Test("fails waiting and later commands when the scope ends")
    func closed() async throws {
        try await PrivateRedis.with { server in
            let configuration = try RedisConfiguration.patient(server.url)
            let client = try await RedisClient.withClient(configuration, logger: .silent) { client in
                _ = try await client.send(RedisCommand("PING"))
                return client
            }
            #expect(!client.isConnected)
            await #expect(throws: RedisError.closed) { try await client.send(RedisCommand("PING")) }
        }
    }
}

import Logging
import Redis
import Support
import Testing

@Suite("A connection for blocking commands", .timeLimit(.minutes(3)))
struct BlockingConnectionTests {
    static func connection(
        _ server: PrivateRedis,
        _ change: (inout RedisConfiguration) -> Void = { _ in }
    ) throws -> RedisBlockingConnection {
        var configuration = try RedisConfiguration.patient(server.unixURL)
        change(&configuration)
        return RedisBlockingConnection(configuration, clientName: "waiter", logger: .silent)
    }

    @Test("returns an element when it arrives, or null after the time-out, on the same connection")
    func waits() async throws {
        try await PrivateRedis.with { server in
            let connection = try Self.connection(server)
            let id = try await connection.send(RedisCommand("CLIENT", "ID"), serverTimeout: .zero)
            async let popped = connection.send(RedisCommand("BLPOP", "q", 60), serverTimeout: .seconds(60))
            try await eventually("a blocked client", until: { $0 == 1 }) { try await server.blockedClients() }
            try await server.ask(RedisCommand("LPUSH", "q", "x"))
            #expect(try await popped == .array([.bulk([0x71]), .bulk([0x78])]))
            let empty = try await connection.send(RedisCommand("BLPOP", "q", "0.05"), serverTimeout: .milliseconds(50))
            #expect(empty.isNull)
            #expect(try await connection.send(RedisCommand("CLIENT", "ID"), serverTimeout: .zero) == id)
            await connection.close()
        }
    }

    @Test("discards a string above its limit, and stays connected")
    func large() async throws {
        try await PrivateRedis.with { server in
            let connection = RedisBlockingConnection(
                try .patient(server.unixURL),
                clientName: "waiter",
                largestString: 1_000,
                logger: .silent
            )
            let id = try await connection.send(RedisCommand("CLIENT", "ID"), serverTimeout: .zero)
            for size in [1_001, 1 << 16, 20 << 20, 1_000, 1_001] {
                let element = [UInt8](repeating: UInt8(ascii: "x"), count: size)
                try await server.ask(RedisCommand("LPUSH", "q", .bytes(element)))
                let move = RedisCommand("BLMOVE", "q", "kept", "RIGHT", "LEFT", 10)
                let reply = try await connection.send(move, serverTimeout: .seconds(10))
                #expect(reply == (size > 1_000 ? .omitted(bytes: size) : .bulk(element)))
            }
            #expect(try await connection.send(RedisCommand("CLIENT", "ID"), serverTimeout: .zero) == id)
            await connection.close()
        }
    }

    @Test("leaves no blocked client in the server after a cancelled wait, so no element is lost")
    func cancelled() async throws {
        try await PrivateRedis.with { server in
            let connection = try Self.connection(server)
            for round in 1...10 {
                let error = try await withThrowingTaskGroup(of: RedisError?.self) { group in
                    group.addTask {
                        await outcome {
                            try await connection.send(RedisCommand("BLPOP", "q", 0), serverTimeout: .seconds(60))
                        }.error
                    }
                    try await eventually("a blocked client", until: { $0 == 1 }) { try await server.blockedClients() }
                    group.cancelAll()
                    return try await group.next() ?? nil
                }
                #expect(error == .cancelled(mayHaveHappened: true))
                try await eventually("no blocked client", until: { $0 == 0 }) { try await server.blockedClients() }
                try await server.ask(RedisCommand("RPUSH", "q", .integer(Int64(round))))
                #expect(try await server.ask(RedisCommand("LLEN", "q")) == .integer(1))
                let next = try await connection.send(RedisCommand("BLPOP", "q", 5), serverTimeout: .seconds(5))
                #expect(next.array?.last?.integer == Int64(round), "the next call connects anew")
            }
            await connection.close()
        }
    }

    @Test("closes the connection after a time-out on the client's side")
    func timesOut() async throws {
        try await PrivateRedis.with { server in
            let connection = try Self.connection(server) { $0.commandTimeout = .milliseconds(100) }
            await #expect(throws: RedisError.timeout(command: "BLPOP", mayHaveHappened: true)) {
                try await connection.send(RedisCommand("BLPOP", "q", 0), serverTimeout: .milliseconds(50))
            }
            try await eventually("no blocked client", until: { $0 == 0 }) { try await server.blockedClients() }
            try await server.ask(RedisCommand("RPUSH", "q", "x"))
            #expect(try await server.ask(RedisCommand("LLEN", "q")) == .integer(1))
            await connection.close()
        }
    }

    @Test("runs one command at a time")
    func oneAtATime() async throws {
        try await PrivateRedis.with { server in
            let connection = try Self.connection(server)
            async let popped = connection.send(RedisCommand("BLPOP", "q", 60), serverTimeout: .seconds(60))
            try await eventually("a blocked client", until: { $0 == 1 }) { try await server.blockedClients() }
            await #expect(throws: RedisError.overloaded("a blocking connection carries one command at a time")) {
                try await connection.send(RedisCommand("PING"), serverTimeout: .zero)
            }
            try await server.ask(RedisCommand("LPUSH", "q", "x"))
            _ = try await popped
            await connection.close()
        }
    }

    @Test("fails a running wait and all later commands after close")
    func closed() async throws {
        try await PrivateRedis.with { server in
            let connection = try Self.connection(server)
            async let waiting = outcome {
                try await connection.send(RedisCommand("BLPOP", "q", 0), serverTimeout: .seconds(60))
            }
            try await eventually("a blocked client", until: { $0 == 1 }) { try await server.blockedClients() }
            await connection.close()
            #expect(await waiting.error?.mayHaveHappened == true)
            await #expect(throws: RedisError.closed) {
                try await connection.send(RedisCommand("PING"), serverTimeout: .zero)
            }
            try await eventually("no blocked client", until: { $0 == 0 }) { try await server.blockedClients() }
        }
    }

    @Test("fails when the server goes away, and reconnects in the next call")
    func restarted() async throws {
        try await PrivateRedis.with { server in
            let connection = try Self.connection(server)
            async let waiting = outcome {
                try await connection.send(RedisCommand("BLPOP", "q", 0), serverTimeout: .seconds(60))
            }
            try await eventually("a blocked client", until: { $0 == 1 }) { try await server.blockedClients() }
            await server.kill9()
            let error = RedisError.connection(reason: "the server closed the connection", mayHaveHappened: true)
            #expect(await waiting.error == error)
            let refused = await outcome { try await connection.send(RedisCommand("PING"), serverTimeout: .zero) }
            #expect(refused.error?.mayHaveHappened == false, "\(refused)")
            try await server.restart()
            #expect(try await connection.send(RedisCommand("PING"), serverTimeout: .zero) == .status("PONG"))
            await connection.close()
        }
    }
}

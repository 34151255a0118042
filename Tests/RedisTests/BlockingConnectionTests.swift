import Logging
import Redis
import Support
import Testing

@Suite("Blocking connection", .timeLimit(.minutes(3)))
struct BlockingConnectionTests {
    static func connection(
        _ server: PrivateRedis,
        _ change: (inout RedisConfiguration) -> Void = { _ in }
    ) throws -> RedisBlockingConnection {
        var configuration = try RedisConfiguration.patient(server.unixURL)
        change(&configuration)
        return RedisBlockingConnection(configuration, clientName: "waiter", logger: .silent)
    }

    @Test("waits in the server and wakes with the element; an empty wait is null; the connection is kept")
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

    @Test("a cancelled wait leaves no waiter in the server: the next element is still there")
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

    @Test("a wait that times out here is closed there")
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

    @Test("carries one command at a time")
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

    @Test("close ends a wait and everything later")
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

    @Test("a server that went away is an error, and the next call finds it again")
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

import Logging
import Redis
import Support
import Testing

@Suite("Faults of the connection", .timeLimit(.minutes(3)))
struct FaultTests {
    @Test("after kill -9 and restart, a written command may have happened, and the client reconnects")
    func killed() async throws {
        try await withServerAndClient { server, client in
            async let cut = outcome { try await client.send(RedisCommand("BLPOP", "q", 0), timeout: .seconds(60)) }
            try await eventually("the command to reach the server", until: { $0 == 1 }) {
                try await server.blockedClients()
            }
            await server.kill9()
            let lost = RedisError.connection(reason: "the server closed the connection", mayHaveHappened: true)
            #expect(await cut.error == lost)
            try await server.restart()
            let reply = try await client.send(RedisCommand("SET", "k", "v"), timeout: .seconds(60))
            #expect(reply == .status("OK") && client.isConnected)
        }
    }

    @Test("a restart fails no waiting command")
    func restarted() async throws {
        try await withServerAndClient { server, client in
            for _ in 0..<3 {
                _ = try await client.send(RedisCommand("PING"), timeout: .seconds(60))
                await server.kill9()
                try await eventually("the client to notice") { !client.isConnected }
                async let replies = client.pipeline(
                    [RedisCommand("SET", "k", "v"), RedisCommand("GET", "k")],
                    timeout: .seconds(60)
                )
                try await server.restart()
                #expect(try await replies == [.status("OK"), .bulk([0x76])])
            }
        }
    }

    @Test("after CLIENT KILL the client reconnects at once")
    func clientKill() async throws {
        try await withServerAndClient { server, client in
            for _ in 0..<5 {
                let id = try await client.send(RedisCommand("CLIENT", "ID"), timeout: .seconds(60)).integer ?? 0
                try await server.ask(RedisCommand("CLIENT", "KILL", "ID", .integer(id)))
                try await eventually("another connection", until: { $0.value?.integer.map { $0 != id } ?? false }) {
                    await outcome { try await client.send(RedisCommand("CLIENT", "ID")) }
                }
            }
        }
    }

    @Test("a command without a reply in time fails, and no other command gets its late reply")
    func timeout() async throws {
        try await withServerAndClient { server, client in
            _ = try await client.send(RedisCommand("PING"))
            try await server.ask(RedisCommand("CLIENT", "PAUSE", 120_000, "WRITE"))
            let clock = ContinuousClock()
            let start = clock.now
            await #expect(throws: RedisError.timeout(command: "INCR", mayHaveHappened: true)) {
                try await client.send(RedisCommand("INCR", "n"), timeout: .milliseconds(100))
            }
            let waited = clock.now - start
            #expect(waited >= .milliseconds(100) && waited < .seconds(60), "\(waited)")
            try await server.ask(RedisCommand("CLIENT", "UNPAUSE"))
            let reply = try await client.send(RedisCommand("ECHO", "mine"), timeout: .seconds(60))
            #expect(reply.string == "mine")
        }
    }

    @Test("a short time-out behind a slow command keeps the connection for the others")
    func impatientNeighbour() async throws {
        try await withServerAndClient { server, client in
            let before = try await client.send(RedisCommand("CLIENT", "ID"))
            async let slow = client.send(RedisCommand("BLPOP", "q", 0), timeout: .seconds(60))
            try await eventually("the slow command to reach the server", until: { $0 == 1 }) {
                try await server.blockedClients()
            }
            async let patient = client.send(RedisCommand("ECHO", "patient"), timeout: .seconds(60))
            await #expect(throws: RedisError.timeout(command: "ECHO", mayHaveHappened: true)) {
                try await client.send(RedisCommand("ECHO", "hasty"), timeout: .milliseconds(50))
            }
            try await server.ask(RedisCommand("LPUSH", "q", "x"))
            #expect(try await slow.array?.last?.string == "x")
            #expect(try await patient.string == "patient")
            #expect(try await client.send(RedisCommand("CLIENT", "ID")) == before)
        }
    }

    @Test("a frozen server fails commands at their deadline, and is used again afterwards")
    func frozen() async throws {
        try await withServerAndClient({ $0.commandTimeout = .milliseconds(200) }) { server, client in
            _ = try await client.send(RedisCommand("PING"), timeout: .seconds(60))
            server.suspend()
            await #expect(throws: RedisError.timeout(command: "PING", mayHaveHappened: true)) {
                try await client.send(RedisCommand("PING"))
            }
            try await eventually("the client to give the connection up") { !client.isConnected }
            server.resume()
            #expect(try await client.send(RedisCommand("PING"), timeout: .seconds(60)) == .status("PONG"))
        }
    }

    @Test("a server that reads nothing fails commands and blocks nothing else")
    func backPressure() async throws {
        try await withServerAndClient({ $0.commandTimeout = .milliseconds(300) }) { server, client in
            _ = try await client.send(RedisCommand("PING"), timeout: .seconds(60))
            server.suspend()
            let payload = RedisArgument.bytes([UInt8](repeating: 1, count: 200_000))
            let errors = await withTaskGroup(of: RedisError?.self) { group in
                for _ in 0..<100 {
                    group.addTask { await outcome { try await client.send(RedisCommand("SET", "k", payload)) }.error }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.compactMap { $0 }.count == 100)
            #expect(errors.contains { $0?.mayHaveHappened == true })
            #expect(errors.contains { $0?.mayHaveHappened == false }, "some never left")
            server.resume()
            #expect(try await client.send(RedisCommand("PING"), timeout: .seconds(60)) == .status("PONG"))
        }
    }

    @Test("a cancelled call returns at once and affects no other call")
    func cancelled() async throws {
        try await withServerAndClient { server, client in
            let before = try await client.send(RedisCommand("CLIENT", "ID"))
            async let slow = client.send(RedisCommand("BLPOP", "q", 0), timeout: .seconds(60))
            try await eventually("the slow command to reach the server", until: { $0 == 1 }) {
                try await server.blockedClients()
            }
            let error = await withTaskGroup(of: RedisError?.self) { group in
                group.addTask {
                    await outcome { try await client.send(RedisCommand("ECHO", "gone"), timeout: .seconds(60)) }.error
                }
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(error?.isCancelled == true, "\(String(describing: error))")
            async let last = client.send(RedisCommand("ECHO", "last"), timeout: .seconds(60))
            try await server.ask(RedisCommand("LPUSH", "q", "x"))
            #expect(try await slow.array?.last?.string == "x")
            #expect(try await last.string == "last")
            #expect(try await client.send(RedisCommand("CLIENT", "ID")) == before)
        }
    }

    @Test("cancellations among many commands leave every other reply with its command")
    func cancellationStorm() async throws {
        try await withServerAndClient { (_, client) async throws in
            let wrong = await withTaskGroup(of: Int.self) { group in
                for number in 0..<2_000 {
                    group.addTask {
                        if number % 2 == 0 { withUnsafeCurrentTask { $0?.cancel() } }
                        let result = await outcome { try await client.send(RedisCommand("ECHO", "\(number)")) }
                        if let value = result.value { return value.string == "\(number)" ? 0 : 1 }
                        return number % 2 == 0 && result.error?.isCancelled == true ? 0 : 1
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0)
            #expect(try await client.send(RedisCommand("ECHO", "end")).string == "end")
        }
    }

    @Test("a shutdown with an unanswered command ends the command and the client")
    func shutdown() async throws {
        try await PrivateRedis.with { server in
            let client = RedisClient(try .patient(server.unixURL), logger: .silent)
            async let cut = outcome { try await client.send(RedisCommand("BLPOP", "q", 0), timeout: .seconds(60)) }
            try await withThrowingTaskGroup(of: Void.self) { running in
                running.addTask { try await client.run() }
                try await eventually("the command to reach the server", until: { $0 == 1 }) {
                    try await server.blockedClients()
                }
                running.cancelAll()
                try await running.waitForAll()
            }
            let lost = RedisError.connection(reason: "the client was shut down", mayHaveHappened: true)
            #expect(await cut.error == lost)
            await #expect(throws: RedisError.closed) { try await client.send(RedisCommand("PING")) }
        }
    }
}

/// A reply or the error instead of it, as values to compare.
struct Outcome: Sendable {
    var value: RedisValue?
    var error: RedisError?
}

func outcome(_ body: () async throws -> RedisValue) async -> Outcome {
    do {
        return Outcome(value: try await body())
    } catch let error as RedisError {
        return Outcome(error: error)
    } catch {
        Issue.record("not a RedisError: \(error)")
        return Outcome()
    }
}

extension RedisError {
    var isTimeout: Bool { if case .timeout = self { true } else { false } }
    var isCancelled: Bool { if case .cancelled = self { true } else { false } }
}

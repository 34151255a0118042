import Support
import Testing

@testable import Redis

/// The bound on unanswered commands of a client. Each test ends with as many commands as the bound allows.
@Suite("Room for commands", .timeLimit(.minutes(3)))
struct CommandRoomTests {
    static let limit = 4
    static let all = Array(repeating: RedisCommand("PING"), count: limit)

    /// A client with room for `limit` commands, connected once.
    private func withSmallClient(_ body: (PrivateRedis, RedisClient) async throws -> Void) async throws {
        try await withServerAndClient({ $0.maximumInFlight = Self.limit }) { server, client in
            _ = try await client.send(RedisCommand("PING"))
            try await body(server, client)
        }
    }

    @Test("the commands of a broken connection free their room")
    func broken() async throws {
        try await withSmallClient { server, client in
            let blocking = RedisCommand("BLPOP", "q", 0)
            async let lost = outcomes(Self.limit) { try await client.send(blocking, timeout: .seconds(60)) }
            try await eventually("one of them is in the server") { try await server.blockedClients() == 1 }
            await server.kill9()
            let failed = await lost.filter { $0.error != nil }
            #expect(failed.count == Self.limit)
            try await server.restart()
            let replies = try await client.pipeline(Self.all, timeout: .seconds(60))
            #expect(replies.count == Self.limit)
        }
    }

    @Test("commands that no server took in time free their room")
    func late() async throws {
        try await withSmallClient { server, client in
            await server.kill9()
            try await eventually("the client notices") { !client.isConnected }
            let late = await outcomes(Self.limit) {
                try await client.send(RedisCommand("PING"), timeout: .milliseconds(50))
            }
            let failed = late.filter { $0.error?.mayHaveHappened == false }
            #expect(failed.count == Self.limit)
            async let replies = client.pipeline(Self.all, timeout: .seconds(60))
            try await server.restart()
            let count = try await replies.count
            #expect(count == Self.limit)
        }
    }

    @Test("commands cancelled before a server took them free their room")
    func cancelled() async throws {
        try await withSmallClient { server, client in
            await server.kill9()
            try await eventually("the client notices") { !client.isConnected }
            let waiting = Task { await outcomes(Self.limit) { try await client.send(RedisCommand("PING")) } }
            let full = RedisError.overloaded("4 commands are unanswered, 5 more would exceed 4")
            try await eventually("the room is taken") {
                await failure { try await client.pipeline(Self.all + [RedisCommand("PING")]) } == full
            }
            waiting.cancel()
            let cancelled = await waiting.value.filter { $0.error?.isCancelled == true }
            #expect(cancelled.count == Self.limit)
            try await server.restart()
            try await eventually("the room is free") {
                let replies = try? await client.pipeline(Self.all, timeout: .seconds(60))
                return replies?.count == Self.limit
            }
        }
    }

    @Test("a server that became a replica is left, whether one command or a pipeline finds out", arguments: [1, 2])
    func replica(commands: Int) async throws {
        try await withServerAndClient { server, client in
            let before = try await client.send(RedisCommand("CLIENT", "ID"))
            try await server.ask(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            let write = RedisCommand("SET", "k", "v")
            if commands == 1 {
                let error = await outcome { try await client.send(write) }.error
                #expect(error?.isOfThisCommand == false)
            } else {
                _ = try await client.pipeline([RedisCommand("GET", "k"), write])
            }
            try await eventually("the end of the connection") { !client.isConnected }
            let refusal = try await ConnectTests.reason(try .patient(server.unixURL))
            #expect(refusal.contains("this is a replica"))
            try await server.ask(RedisCommand("REPLICAOF", "NO", "ONE"), acceptsReplica: true)
            try await eventually("another connection") {
                let now = await outcome { try await client.send(RedisCommand("CLIENT", "ID")) }
                return now.value?.integer != nil && now.value != before
            }
        }
    }

    @Test("a client that accepts a replica keeps its connection after a refused write")
    func readsReplica() async throws {
        try await withServerAndClient {
            $0.acceptsReplica = true
        } _: { server, client in
            let before = try await client.send(RedisCommand("CLIENT", "ID"))
            try await server.ask(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            let replies = try await client.pipeline([RedisCommand("SET", "k", "v"), RedisCommand("TIME")])
            #expect(
                replies.first == .error(RedisServerError(line: "READONLY You can't write against a read only replica."))
            )
            #expect(try await client.send(RedisCommand("CLIENT", "ID")) == before)
        }
    }

    @Test(
        "an error reply is about one command, about the server now, or about the server that was reached",
        arguments: [
            ("WRONGTYPE", true, false), ("OOM", true, false), ("NOSCRIPT", true, false), ("NOPERM", true, false),
            ("ERR", true, false), ("LOADING", false, true), ("READONLY", false, true), ("MASTERDOWN", false, true),
            ("CLUSTERDOWN", false, false), ("MOVED", false, true), ("ASK", false, false), ("BUSY", false, false),
            ("TRYAGAIN", false, false),
            ("NOAUTH", false, false), ("WRONGPASS", false, false),
        ]
    )
    func meanings(code: String, isOfThisCommand: Bool, saysWrongServer: Bool) {
        let error = RedisServerError(code: code, message: "for a reason")
        #expect(RedisError.server(error).isOfThisCommand == isOfThisCommand)
        #expect(error.saysWrongServer == saysWrongServer)
    }
}

/// The outcomes of `count` calls of `body` at once.
private func outcomes(
    _ count: Int,
    _ body: @escaping @Sendable () async throws -> RedisValue
) async -> [Outcome] {
    await withTaskGroup(of: Outcome.self) { group in
        for _ in 0..<count { group.addTask { await outcome(body) } }
        return await group.reduce(into: []) { $0.append($1) }
    }
}

/// The error of a pipeline.
private func failure(_ body: () async throws -> [RedisValue]) async -> RedisError? {
    await outcome { .array(try await body()) }.error
}

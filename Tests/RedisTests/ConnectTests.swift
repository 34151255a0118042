import Logging
import Redis
import Support
import Testing

@Suite("Connecting to Redis", .timeLimit(.minutes(3)))
struct ConnectTests {
    @Test("works with a service that knows no CLIENT, CONFIG and INFO")
    func managed() async throws {
        let unknown = ["CLIENT", "CONFIG", "INFO"].flatMap { ["--rename-command", $0, ""] }
        try await PrivateRedis.with(extraArguments: unknown) { redis in
            let configuration = try RedisConfiguration(url: redis.url)
            try await RedisClient.withClient(configuration, clientName: "named", logger: .silent) { client in
                let reply = try await client.send(RedisCommand("PING"), timeout: .seconds(10))
                #expect(reply == .status("PONG"))
            }
        }
    }

    static func reply(_ command: RedisCommand, to configuration: RedisConfiguration) async throws -> RedisValue {
        try await RedisClient.withClient(configuration, clientName: "a name", logger: .silent) {
            try await $0.send(command, timeout: .seconds(60))
        }
    }

    /// Why a client that tries for a while has no connection.
    static func reason(_ configuration: RedisConfiguration) async throws -> String {
        try await RedisClient.withClient(configuration, logger: .silent) { client in
            var reason = "not connected yet"
            try await eventually("a first attempt to fail") {
                let error = await outcome { try await client.send(RedisCommand("PING"), timeout: .milliseconds(50)) }
                    .error
                guard case .connection(let text, mayHaveHappened: false) = error else {
                    Issue.record("\(String(describing: error))")
                    return true
                }
                reason = text
                return text != "not connected yet"
            }
            return reason
        }
    }

    @Test("works over TCP and a Unix socket, with a password, a database and a client name")
    func ways() async throws {
        try await PrivateRedis.with(requirePassword: "secret") { server in
            for url in [
                "redis://:secret@127.0.0.1:\(server.port)/5", "redis://:secret@localhost:\(server.port)/5",
                "unix://:secret@\(server.socketPath)?db=5", "redis://default:secret@127.0.0.1:\(server.port)/5",
            ] {
                let info = try await Self.reply(RedisCommand("CLIENT", "INFO"), to: try .patient(url))
                let text = info.string ?? ""
                #expect(text.contains(" db=5 ") && text.contains(" name=a-name "), "\(url): \(text)")
            }
        }
    }

    @Test("works as an ACL user, with and without a password, and with few permissions")
    func users() async throws {
        try await PrivateRedis.with { server in
            try await server.ask(RedisCommand("ACL", "SETUSER", "ann", "on", ">p@ss/word", "~*", "+@all"))
            try await server.ask(RedisCommand("ACL", "SETUSER", "open", "on", "nopass", "~*", "+@all"))
            try await server.ask(RedisCommand("ACL", "SETUSER", "least", "on", ">pw", "~*", "+get"))
            for (login, name) in [("ann:p%40ss%2Fword", "ann"), ("open", "open")] {
                let url = "redis://\(login)@127.0.0.1:\(server.port)"
                let who = try await Self.reply(RedisCommand("ACL", "WHOAMI"), to: try .patient(url))
                #expect(who.string == name)
            }
            let least = try RedisConfiguration.patient("redis://least:pw@127.0.0.1:\(server.port)")
            #expect(try await Self.reply(RedisCommand("GET", "k"), to: least) == .null)
        }
    }

    @Test("reports which part the server refuses")
    func refusals() async throws {
        try await PrivateRedis.with(requirePassword: "secret") { server in
            let address = "127.0.0.1:\(server.port)"
            let cases = [
                ("redis://\(address)", "NOAUTH"), ("redis://:wrong@\(address)", "AUTH refused: WRONGPASS"),
                ("redis://nobody:x@\(address)", "AUTH refused: WRONGPASS"),
                ("redis://:secret@\(address)/9999", "SELECT refused: ERR DB index is out of range"),
            ]
            for (url, expected) in cases {
                let reason = try await Self.reason(try .patient(url))
                #expect(reason.contains(expected) && reason.contains(address), "\(reason)")
                #expect(!reason.contains("wrong"), "\(reason)")
            }
        }
    }

    @Test("fails waiting calls at once if the server refuses the credentials, if the configuration says so")
    func refusedAtOnce() async throws {
        try await PrivateRedis.with(requirePassword: "secret") { server in
            var configuration = try RedisConfiguration.patient("redis://:wrong@127.0.0.1:\(server.port)")
            configuration.failsIfRefused = true
            let (begin, refused) = (ContinuousClock.now, configuration)
            let error = await outcome { try await Self.reply(RedisCommand("PING"), to: refused) }.error
            #expect("\(String(describing: error))".contains("AUTH refused: WRONGPASS"))
            #expect(ContinuousClock.now - begin < .seconds(30), "a call waits for 60 s otherwise")
        }
    }

    @Test(
        "reports why there is no connection",
        arguments: [
            ("redis://127.0.0.1:1", "connection refused"), ("unix:///nowhere/redis.sock", "no such socket file"),
            ("redis://no-such-host.invalid", "cannot be resolved"),
        ]
    )
    func unreachable(_ url: String, expected: String) async throws {
        var configuration = try RedisConfiguration(url: url)
        configuration.connectTimeout = .milliseconds(400)
        let reason = try await Self.reason(configuration)
        if expected == "cannot be resolved" {
            // A resolver without a network can also be slow.
            #expect(reason.contains(expected) || reason.contains("no answer within 400 ms"), "\(reason)")
        } else {
            #expect(reason.contains(expected), "\(reason)")
        }
    }

    @Test("waits for a server that starts later")
    func lateServer() async throws {
        try await PrivateRedis.with { server in
            await server.kill9()
            let configuration = try RedisConfiguration.patient(server.url)
            try await RedisClient.withClient(configuration, logger: .silent) { client in
                async let reply = client.send(RedisCommand("PING"), timeout: .seconds(60))
                try await server.restart()
                #expect(try await reply == .status("PONG"))
            }
        }
    }

    @Test("fails commands in time if the client's run loop does not run")
    func neverRun() async throws {
        let configuration = try RedisConfiguration(url: "redis://127.0.0.1:1")
        let client = RedisClient(configuration, logger: .silent)
        await #expect(throws: RedisError.connection(reason: "not connected yet", mayHaveHappened: false)) {
            try await client.send(RedisCommand("PING"), timeout: .milliseconds(30))
        }
    }

    @Test("reports too many clients, and succeeds when one leaves")
    func maximumClients() async throws {
        try await PrivateRedis.with(extraArguments: ["--maxclients", "1"]) { server in
            let first = RedisBlockingConnection(try .patient(server.unixURL), logger: .silent)
            _ = try await first.send(RedisCommand("PING"), serverTimeout: .zero)
            // By the socket: over TCP the reset that follows can overtake the server's words. Here a write can still meet the
            // closed socket first, and then another attempt has them.
            let configuration = try RedisConfiguration.patient(server.unixURL)
            try await eventually("the server's words", until: { $0.contains("max number of clients reached") }) {
                try await Self.reason(configuration)
            }
            try await RedisClient.withClient(configuration, logger: .silent) { client async throws in
                async let reply = client.send(RedisCommand("PING"), timeout: .seconds(60))
                await first.close()
                #expect(try await reply == .status("PONG"))
            }
        }
    }

    @Test("can be shut down while the server accepts and stays silent")
    func stopsWhileConnecting() async throws {
        try await PrivateRedis.with { server in
            server.suspend()
            var configuration = try RedisConfiguration(url: server.url)
            configuration.connectTimeout = .seconds(300)
            let connection = RedisBlockingConnection(configuration, logger: .silent)
            let (clientError, connectionError) = try await withThrowingTaskGroup(of: RedisError?.self) { group in
                group.addTask {
                    await outcome { try await connection.send(RedisCommand("PING"), serverTimeout: .zero) }.error
                }
                let error = try await RedisClient.withClient(configuration, logger: .silent) { client in
                    await outcome { try await client.send(RedisCommand("PING"), timeout: .milliseconds(100)) }.error
                }
                group.cancelAll()
                return (error, try await group.next() ?? nil)
            }
            #expect(clientError == .connection(reason: "not connected yet", mayHaveHappened: false))
            #expect(connectionError == .cancelled(mayHaveHappened: false))
            await connection.close()
        }
    }
}

import Logging
import Redis
import Support
import Testing

@Suite("Sentinels", .timeLimit(.minutes(3)))
struct SentinelTests {
    /// A master with a replica, and sentinels that watch both.
    static func withSentinels(
        _ body: (_ master: PrivateRedis, _ replica: PrivateRedis, PrivateSentinels) async throws -> Void
    ) async throws {
        try await PrivateRedis.with { master in
            try await PrivateRedis.with(
                extraArguments: ["--replicaof", "127.0.0.1", "\(master.port)", "--repl-diskless-sync-delay", "0"]
            ) { replica in
                try await PrivateSentinels.with(watching: master.port) { try await body(master, replica, $0) }
            }
        }
    }

    /// Returns the port of the server that a client is connected to.
    static func port(_ client: RedisClient) async -> Int? {
        let reply = await outcome { try await client.send(RedisCommand("CONFIG", "GET", "port"), timeout: .seconds(1)) }
        return reply.value?.array?.last?.integer.map { Int($0) }
    }

    @Test("name the master, also after a failover by order, to clients and to blocked connections")
    func ordered() async throws {
        try await Self.withSentinels { master, replica, sentinels in
            let configuration = try RedisConfiguration(url: sentinels.url)
            try await RedisClient.withClient(configuration, logger: .silent) { client in
                try await eventually("the master", until: { $0 == master.port }) { await Self.port(client) }
                let waiting = RedisBlockingConnection(configuration, beside: client, logger: .silent)
                async let cut = outcome {
                    try await waiting.send(RedisCommand("BLPOP", "q", 0), serverTimeout: .seconds(60))
                }
                try await eventually("a blocked client", until: { $0 > 0 }) { try await master.blockedClients() }
                try await sentinels.failOver()
                try await eventually("the new master", until: { $0 == replica.port }) {
                    await Self.port(client)
                }
                // The blocked command ends with its server's time as master.
                #expect(await cut.value == nil)
                _ = try await client.send(RedisCommand("RPUSH", "q", "x"))
                let next = try await waiting.send(RedisCommand("BLPOP", "q", 5), serverTimeout: .seconds(5))
                #expect(next.array?.last?.string == "x")
                await waiting.close()
            }
        }
    }

    @Test("name the new master after the end of the old one, and one dead sentinel changes nothing")
    func killed() async throws {
        try await Self.withSentinels { master, replica, sentinels in
            let configuration = try RedisConfiguration(url: sentinels.url)
            try await RedisClient.withClient(configuration, logger: .silent) { client in
                try await eventually("the master", until: { $0 == master.port }) { await Self.port(client) }
                await sentinels.kill(0)
                await master.kill9()
                try await eventually("the new master", until: { $0 == replica.port }) {
                    await Self.port(client)
                }
            }
            // A new client asks the dead sentinel first.
            try await RedisClient.withClient(configuration, logger: .silent) { client in
                #expect(await Self.port(client) == replica.port)
            }
        }
    }

    @Test("end the writes to a former master that does not know of its end")
    func frozen() async throws {
        try await Self.withSentinels { master, replica, sentinels in
            let configuration = try RedisConfiguration(url: sentinels.url)
            try await RedisClient.withClient(configuration, logger: .silent) { client in
                try await eventually("the master", until: { $0 == master.port }) { await Self.port(client) }
                master.suspend()
                try await eventually("another master", until: { $0 == replica.port }) {
                    try await sentinels.masterPort()
                }
                master.resume()
                // For some seconds the former master takes itself for a master. No write may go there.
                try await eventually("the new master", until: { $0 == replica.port }) { await Self.port(client) }
                for number in 0..<40 {
                    _ = try await client.send(RedisCommand("SET", .string("k\(number)"), "v"), timeout: .seconds(2))
                    try await pause(.milliseconds(25), because: "this is the pace of the writes")
                }
                let written = try await replica.ask(RedisCommand("DBSIZE")).integer
                #expect(written == 40)
            }
        }
    }

    @Test("are told apart by a sentence: none answers, none knows the master, wrong password")
    func sentences() async throws {
        let nobody = try await ConnectTests.reason(try RedisConfiguration(url: "redis+sentinel://127.0.0.1:1/games"))
        #expect(nobody.contains("no sentinel names the master"), "\(nobody)")
        #expect(nobody.contains("connection refused"), "\(nobody)")
        let login = ["requirepass secret", "sentinel sentinel-pass secret"]
        try await PrivateRedis.with { master in
            let arguments = ["--replicaof", "127.0.0.1", "\(master.port)", "--repl-diskless-sync-delay", "0"]
            try await PrivateRedis.with(extraArguments: arguments) { _ in
                try await PrivateSentinels.with(watching: master.port, extraLines: login, login: ":secret") {
                    sentinels in
                    var configuration = try RedisConfiguration(url: sentinels.url)
                    let refused = try await ConnectTests.reason(configuration)
                    #expect(refused.contains("NOAUTH"), "\(refused)")
                    guard case .sentinels(var group) = configuration.server else { return }
                    group.password = "secret"
                    configuration.server = .sentinels(group)
                    try await RedisClient.withClient(configuration, logger: .silent) { client in
                        #expect(await Self.port(client) == master.port)
                    }
                    group.master = "other"
                    configuration.server = .sentinels(group)
                    let unknown = try await ConnectTests.reason(configuration)
                    #expect(unknown.contains("knows no master named other"), "\(unknown)")
                }
            }
        }
    }

    @Test("are left for another one if the master that they name is gone")
    func stale() async throws {
        try await PrivateRedis.with { master in
            // Two sentinels that do not know each other. The first one names a server that is gone.
            try await PrivateSentinels.withOne(watching: 1) { stale in
                try await PrivateSentinels.withOne(watching: master.port) { right in
                    let url = "redis+sentinel://127.0.0.1:\(stale),127.0.0.1:\(right)/\(PrivateSentinels.master)"
                    try await RedisClient.withClient(try RedisConfiguration(url: url), logger: .silent) { client in
                        let reply = try await client.send(RedisCommand("PING"), timeout: .seconds(30))
                        #expect(reply == .status("PONG"))
                    }
                }
            }
        }
    }

    @Test("are not needed to notice a replica, whose master is named")
    func replica() async throws {
        try await PrivateRedis.with { master in
            try await PrivateRedis.with(extraArguments: ["--replicaof", "127.0.0.1", "\(master.port)"]) { replica in
                let reason = try await ConnectTests.reason(try RedisConfiguration(url: replica.url))
                #expect(reason.contains("a replica, which takes no writes; its master is 127.0.0.1:\(master.port)"))
                var configuration = try RedisConfiguration(url: replica.url)
                configuration.acceptsReplica = true
                try await RedisClient.withClient(configuration, logger: .silent) { client in
                    #expect(await Self.port(client) == replica.port)
                }
            }
        }
    }
}

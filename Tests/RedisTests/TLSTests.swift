import Foundation
import Logging
import Redis
import Support
import Testing

@Suite("TLS to Redis", .timeLimit(.minutes(3)))
struct TLSTests {
    /// A server with a certificate for `localhost`, and an authority that has signed it.
    struct World {
        let server: PrivateRedis
        let port: Int
        let authority: TestAuthority

        func configuration(host: String, trusted: Bool) throws -> RedisConfiguration {
            var configuration = try RedisConfiguration.patient("rediss://\(host):\(port)")
            if trusted { configuration.tlsCACertificateFile = authority.file }
            return configuration
        }
    }

    static func withWorld(
        clients: String = "no",
        from begin: String = "-1 day",
        to end: String = "+2 days",
        _ body: (World) async throws -> Void
    ) async throws {
        try await TestAuthority.with { authority in
            let own = try await authority.sign("server", names: "DNS:localhost", from: begin, to: end)
            let port = try FreePort.find()
            let arguments = [
                "--tls-port", "\(port)", "--tls-cert-file", own.certificate, "--tls-key-file", own.key,
                "--tls-ca-cert-file", authority.file, "--tls-auth-clients", clients,
            ]
            try await PrivateRedis.with(extraArguments: arguments) { server in
                try await body(World(server: server, port: port, authority: authority))
            }
        }
    }

    @Test("verifies the server by a given authority, sends large values, reconnects after a restart")
    func verified() async throws {
        try await Self.withWorld { world in
            let configuration = try world.configuration(host: "localhost", trusted: true)
            try await RedisClient.withClient(configuration, logger: .silent) { client in
                let payload = [UInt8](repeating: 9, count: 1_000_000)
                let set = RedisCommand("SET", "k", .bytes(payload))
                #expect(try await client.send(set, timeout: .seconds(60)) == .status("OK"))
                #expect(try await client.send(RedisCommand("GET", "k")).bytes == payload)
                await world.server.kill9()
                try await world.server.restart()
                try await eventually("a new connection", until: { $0 == .status("PONG") }) {
                    await outcome { try await client.send(RedisCommand("PING")) }.value
                }
            }
        }
    }

    @Test("refuses a certificate of an unknown authority, and one for another name")
    func refused() async throws {
        try await Self.withWorld { world in
            let unknown = try await ConnectTests.reason(world.configuration(host: "localhost", trusted: false))
            #expect(unknown.contains("no trusted authority has signed the server's certificate"), "\(unknown)")
            let otherName = try await ConnectTests.reason(world.configuration(host: "127.0.0.1", trusted: true))
            #expect(otherName.contains("the server's certificate is for localhost, not for 127.0.0.1"), "\(otherName)")
        }
    }

    @Test(
        "refuses a certificate outside its time",
        arguments: [("-3 days", "-1 day", "expired at"), ("+1 day", "+2 days", "is valid from")]
    )
    func outOfTime(begin: String, end: String, words: String) async throws {
        try await Self.withWorld(from: begin, to: end) { world in
            let reason = try await ConnectTests.reason(world.configuration(host: "localhost", trusted: true))
            #expect(reason.contains("the server's certificate \(words)"), "\(reason)")
        }
    }

    @Test("shows its own certificate to a server that demands one, and reads a renewed one without a restart")
    func clientCertificate() async throws {
        try await Self.withWorld(clients: "yes") { world in
            var configuration = try world.configuration(host: "localhost", trusted: true)
            let without = try await ConnectTests.reason(configuration)
            #expect(without.contains("the server demands a client certificate"), "\(without)")
            let expired = try await world.authority.sign("client", names: "DNS:c", from: "-3 days", to: "-1 day")
            (configuration.tlsCertificateFile, configuration.tlsKeyFile) = (expired.certificate, expired.key)
            try await RedisClient.withClient(configuration, logger: .silent) { client in
                let refused = await outcome {
                    try await client.send(RedisCommand("PING"), timeout: .milliseconds(500))
                }
                #expect(refused.value == nil)
                // The new certificate replaces the old file, under the same name.
                _ = try await world.authority.sign("client", names: "DNS:c", from: "-1 day", to: "+1 day")
                #expect(try await client.send(RedisCommand("PING"), timeout: .seconds(60)) == .status("PONG"))
            }
        }
    }

    @Test("reports a port without TLS, and a missing authority file")
    func misconfigured() async throws {
        try await Self.withWorld { world in
            var plain = try RedisConfiguration(url: "rediss://localhost:\(world.server.port)")
            plain.connectTimeout = .milliseconds(300)
            let reason = try await ConnectTests.reason(plain)
            #expect(reason.contains("no answer within 300 ms (does this port speak TLS?)"), "\(reason)")
            var missing = try world.configuration(host: "localhost", trusted: false)
            missing.tlsCACertificateFile = "/nowhere/ca.pem"
            let file = try await ConnectTests.reason(missing)
            #expect(file.contains("trusted authorities cannot be read"), "\(file)")
        }
    }

    @Test("closes an abandoned wait at once, although the frozen server never answers the close")
    func abandoned() async throws {
        try await Self.withWorld { world in
            let configuration = try world.configuration(host: "localhost", trusted: true)
            let connection = RedisBlockingConnection(configuration, logger: .silent)
            let clock = ContinuousClock()
            let (error, waited) = try await withThrowingTaskGroup(of: RedisError?.self) { group in
                group.addTask {
                    await outcome {
                        try await connection.send(RedisCommand("BLPOP", "q", 0), serverTimeout: .seconds(60))
                    }.error
                }
                try await eventually("a blocked client", until: { $0 == 1 }) { try await world.server.blockedClients() }
                world.server.suspend()
                let start = clock.now
                group.cancelAll()
                return (try await group.next() ?? nil, clock.now - start)
            }
            #expect(error == .cancelled(mayHaveHappened: true))
            #expect(waited < .seconds(4), "\(waited)")
            await connection.close()
        }
    }

    @Test("can be shut down at any moment of connecting")
    func stoppedWhileConnecting() async throws {
        try await Self.withWorld { world in
            let configuration = try world.configuration(host: "localhost", trusted: true)
            for round in 0..<60 {
                let client = RedisClient(configuration, logger: .silent)
                await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await client.run() }
                    for _ in 0..<round * 3 { await Task.yield() }
                    group.cancelAll()
                }
                #expect(!client.isConnected)
            }
        }
    }
}

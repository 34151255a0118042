import Foundation
import Logging
import Redis
import Support
import Testing

@Suite("TLS to Redis", .timeLimit(.minutes(3)))
struct TLSTests {
    /// A server with a certificate of its own for `localhost`.
    struct World {
        let server: PrivateRedis
        let port: Int
        let certificate: String

        func configuration(host: String, trusted: Bool) throws -> RedisConfiguration {
            var configuration = try RedisConfiguration.patient("rediss://\(host):\(port)")
            if trusted { configuration.tlsCACertificateFile = certificate }
            return configuration
        }
    }

    static func withWorld(_ body: (World) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "rtm-tls-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.appending(path: "cert.pem").path, folder.appending(path: "key.pem").path)
        let openssl = try await ChildProcess.start(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2",
                "-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
            ],
            logPath: folder.appending(path: "openssl.log").path
        )
        let status = await openssl.waitForExit()
        try #require(status == 0, "\(openssl.log)")
        let port = try FreePort.find()
        let arguments = [
            "--tls-port", "\(port)", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file",
            certificate, "--tls-auth-clients", "no",
        ]
        try await PrivateRedis.with(extraArguments: arguments) { server in
            try await body(World(server: server, port: port, certificate: certificate))
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
            #expect(unknown.contains("TLS"), "\(unknown)")
            let otherName = try await ConnectTests.reason(world.configuration(host: "127.0.0.1", trusted: true))
            #expect(otherName.contains("TLS"), "\(otherName)")
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

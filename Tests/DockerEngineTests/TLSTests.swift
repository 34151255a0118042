import DockerPort
import Foundation
import NIOSSL
import Primitives
import Support
import Testing

@testable import DockerEngine

@Suite("The connection to a Docker Engine over TLS")
struct TLSTests {
    private static let info = #"{"ID":"ABCD","NCPU":2}"#

    /// Files as Docker's command line has them, made by an authority of their own; and those of another one.
    private func with(_ body: (_ own: String, _ other: String) async throws -> Void) async throws {
        let directory = try temporaryDirectory("tls")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for name in ["own", "other"] {
            let path = "\(directory)/\(name)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let openssl = try await ChildProcess.start(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=\(name)", "-addext",
                    "subjectAltName=DNS:localhost,IP:\(PrivateDocker.address)",
                    "-keyout", path + "/key.pem", "-out", path + "/cert.pem",
                ],
                logPath: path + "/openssl.log"
            )
            let status = await openssl.waitForExit()
            try #require(status == 0, "\(openssl.log)")
            try FileManager.default.copyItem(atPath: path + "/cert.pem", toPath: path + "/ca.pem")
        }
        try await body(directory + "/own", directory + "/other")
    }

    /// A server that takes clients of its own authority only.
    private func server(_ directory: String) throws -> TLSConfiguration {
        let chain = try NIOSSLCertificate.fromPEMFile(directory + "/cert.pem")
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: directory + "/key.pem", format: .pem))
        )
        tls.trustRoots = .certificates(chain)
        tls.certificateVerification = .noHostnameVerification
        return tls
    }

    private func files(_ directory: String) throws -> DockerEngine.TLSFiles {
        let configuration = try DockerEngine.Configuration(environment: [
            "DOCKER_HOST": "tcp://localhost:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": directory,
        ])
        guard case .tcp("localhost", 2_376, let files?) = configuration.endpoint else {
            throw Overdue("the environment means no TLS")
        }
        return files
    }

    private func failure(server: String, client: DockerEngine.TLSFiles) async throws -> DockerError? {
        var failure: DockerError?
        try await StubEngine.with(tls: (try self.server(server), client)) { _ in
            .answer(200, Self.info)
        } _: { engine, stub in
            failure = await dockerFailure { try await engine.info() }
            #expect(stub.requests.count == (failure == nil ? 1 : 0))
        }
        return failure
    }

    @Test("presents the client's certificate, and verifies the server's")
    func verified() async throws {
        try await with { own, _ in
            let error = try await failure(server: own, client: try files(own))
            #expect(error == nil)
        }
    }

    @Test("fails with a reason if either side has the wrong certificate")
    func refused() async throws {
        try await with { own, other in
            let ours = try files(own)
            let unknownEngine = try await failure(server: other, client: ours)
            #expect(unknownEngine?.code == .unavailable)
            #expect(unknownEngine?.message.contains("TLS") == true, "\(unknownEngine?.message ?? "")")
            let noCertificate = DockerEngine.TLSFiles(authority: ours.authority)
            let othersKey = DockerEngine.TLSFiles(
                authority: ours.authority,
                certificate: other + "/cert.pem",
                privateKey: other + "/key.pem"
            )
            for files in [noCertificate, othersKey] {
                let error = try await failure(server: own, client: files)
                #expect(error?.code == .unavailable, "\(error?.description ?? "connected")")
                #expect(error?.retryable == true)
            }
        }
    }

    @Test("fails for a certificate of another host name")
    func otherName() async throws {
        try await with { own, _ in
            try await StubEngine.with(tls: (try server(own), try files(own))) { _ in
                .answer(200, Self.info)
            } _: { _, stub in
                var configuration = stub.configuration
                guard case .tcp(_, let port, let tls) = configuration.endpoint else { return }
                configuration.endpoint = .tcp(host: "127.0.0.1", port: port, tls: tls)
                try await DockerEngine.withEngine(configuration: configuration) { engine in
                    let error = await dockerFailure { try await engine.info() }
                    #expect(error?.code == .unavailable)
                    #expect(stub.allRequests.isEmpty)
                }
            }
        }
    }

    @Test("works with a real Docker Engine that accepts only its own authority", .timeLimit(.minutes(3)))
    func realEngine() async throws {
        try await with { own, other in
            let arguments = [
                "--host", "tcp://0.0.0.0:2376", "--tlsverify", "--tlscacert", own + "/ca.pem",
                "--tlscert", own + "/cert.pem", "--tlskey", own + "/key.pem",
            ]
            try await PrivateDocker.with(arguments: arguments) { docker in
                try await docker.link()
                try await TestImage.make("idle:1", on: docker.engine)
                try await docker.engine.docker("network", "create", "games")
                var spec = Samples.spec()
                spec.image = "idle:1"
                spec.network = "games"
                let asked = spec
                try await DockerEngine.withEngine(configuration: try remote(own)) { engine in
                    let begin = try await engine.run(asked)
                    let events = try await engine.eventsListen(since: begin.startedAt)
                    #expect(try await engine.inspectContainer(begin.containerID.text).isRunning)
                    #expect(try await engine.stop(begin.containerID.text, timeout: .seconds(10)) == StopOutcome())
                    try await engine.remove(begin.containerID.text)
                    for try await event in events where event.action == "destroy" {
                        #expect(event.containerID == begin.containerID)
                        break
                    }
                }
                // One whose certificate is another's.
                let stranger = try remote(own, certificate: other)
                try await DockerEngine.withEngine(configuration: stranger) { engine in
                    #expect(await dockerFailure { try await engine.info() }?.code == .unavailable)
                }
            }
        }
    }

    /// The way to the private Engine, with the authority of one directory and the certificate of another.
    private func remote(_ authority: String, certificate: String? = nil) throws -> DockerEngine.Configuration {
        var configuration = try DockerEngine.Configuration(environment: [
            "DOCKER_HOST": "tcp://\(PrivateDocker.address):2376", "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": authority,
        ])
        guard let certificate, case .tcp(let host, let port, let files?) = configuration.endpoint else {
            return configuration
        }
        let others = DockerEngine.TLSFiles(
            authority: files.authority,
            certificate: certificate + "/cert.pem",
            privateKey: certificate + "/key.pem"
        )
        configuration.endpoint = .tcp(host: host, port: port, tls: others)
        return configuration
    }
}

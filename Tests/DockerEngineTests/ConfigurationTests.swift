import Foundation
import Testing

@testable import DockerEngine

@Suite("The address of the Docker Engine")
struct ConfigurationTests {
    @Test(
        "is read from the environment in the same way as by Docker's command line",
        arguments: [
            ([:], .unix(path: "/var/run/docker.sock")),
            (["DOCKER_HOST": ""], .unix(path: "/var/run/docker.sock")),
            (["DOCKER_CONTEXT": "default"], .unix(path: "/var/run/docker.sock")),
            (["DOCKER_HOST": "unix:///tmp/d.sock", "DOCKER_CONTEXT": "other"], .unix(path: "/tmp/d.sock")),
            (["DOCKER_HOST": "tcp://engine:2375"], .tcp(host: "engine", port: 2375, tls: nil)),
            (["DOCKER_HOST": "tcp://10.0.0.1"], .tcp(host: "10.0.0.1", port: 2375, tls: nil)),
            (["DOCKER_HOST": "tcp://[::1]:2377/"], .tcp(host: "::1", port: 2377, tls: nil)),
            (["DOCKER_HOST": "engine:2375"], .tcp(host: "engine", port: 2375, tls: nil)),
        ] as [([String: String], DockerEngine.Endpoint)]
    )
    func reads(environment: [String: String], endpoint: DockerEngine.Endpoint) throws {
        #expect(try DockerEngine.Configuration(environment: environment).endpoint == endpoint)
    }

    @Test(
        "is refused with a sentence if it is malformed",
        arguments: [
            (["DOCKER_HOST": "ssh://user@host"], "ssh:// is not supported"),
            (["DOCKER_HOST": "npipe:////./pipe/docker"], "npipe:// is not supported"),
            (["DOCKER_HOST": "http://host:1"], "no scheme http://"),
            (["DOCKER_HOST": "unix://relative.sock"], "must be absolute"),
            (["DOCKER_HOST": "unix:///" + String(repeating: "x", count: 107)], "over 107 bytes"),
            (["DOCKER_HOST": "tcp://"], "host is missing"),
            (["DOCKER_HOST": "tcp://host:0"], "0 is no port"),
            (["DOCKER_HOST": "tcp://host:70000"], "70000 is no port"),
            (["DOCKER_HOST": "tcp://host:1/path"], "only a host and a port"),
            (["DOCKER_HOST": "tcp://user@host:1"], "only a host and a port"),
            (["DOCKER_CONTEXT": "remote"], "docker context inspect remote"),
            (["DOCKER_HOST": "tcp://host", "DOCKER_TLS": "1"], "DOCKER_TLS_VERIFY=1"),
            (["DOCKER_HOST": "tcp://host", "DOCKER_TLS_VERIFY": "1"], "neither DOCKER_CERT_PATH nor HOME"),
            (
                ["DOCKER_HOST": "tcp://host", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nonexistent"],
                "no /nonexistent/ca.pem"
            ),
        ] as [([String: String], String)]
    )
    func refuses(environment: [String: String], sentence: String) {
        let error = #expect(throws: DockerEngine.ConfigurationError.self) {
            try DockerEngine.Configuration(environment: environment)
        }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }

    @Test("uses TLS if the environment says so, with the files of the certificate path")
    func tls() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let environment = [
            "DOCKER_HOST": "tcp://engine", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": directory.path,
        ]
        func write(_ name: String) throws { try Data("no PEM".utf8).write(to: directory.appendingPathComponent(name)) }
        let path = directory.path
        try write("ca.pem")
        #expect(
            try DockerEngine.Configuration(environment: environment).endpoint
                == .tcp(host: "engine", port: 2376, tls: .init(authority: path + "/ca.pem"))
        )
        try write("cert.pem")
        #expect(throws: DockerEngine.ConfigurationError.self) {
            try DockerEngine.Configuration(environment: environment)
        }
        try write("key.pem")
        let configuration = try DockerEngine.Configuration(environment: environment)
        let files = DockerEngine.TLSFiles(
            authority: path + "/ca.pem",
            certificate: path + "/cert.pem",
            privateKey: path + "/key.pem"
        )
        #expect(configuration.endpoint == .tcp(host: "engine", port: 2376, tls: files))
        // What is in the files is read when the adapter is made.
        let error = #expect(throws: DockerEngine.ConfigurationError.self) {
            try DockerEngine(configuration: configuration)
        }
        #expect(error?.description.contains("ca.pem cannot be read as PEM") == true)
    }
}

@Suite("The version of Docker's API")
struct APIVersionTests {
    @Test(
        "is the newest version that both sides know",
        arguments: [("1.41", "1.41"), ("1.44", "1.44"), ("1.51", "1.51"), ("1.52", "1.51"), ("2.0", "1.51")]
    )
    func negotiates(theirs: String, spoken: String) throws {
        #expect(try APIVersion.negotiated(theirs: theirs).get().description == spoken)
    }

    @Test("is refused below 1.41", arguments: ["1.40", "1.9", "0.99"])
    func refusesOld(theirs: String) {
        let error = #expect(throws: APIVersion.Refusal.self) { try APIVersion.negotiated(theirs: theirs).get() }
        #expect(error?.description.contains("\(theirs) at most and 1.41 is needed") == true)
    }

    @Test("is refused if it is malformed", arguments: [nil, "", "1", "1.x", "v1.41", "1.41.0", "-1.41"])
    func refusesNone(theirs: String?) {
        #expect(throws: APIVersion.Refusal.self) { try APIVersion.negotiated(theirs: theirs).get() }
    }
}

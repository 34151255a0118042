import Foundation
import Redis
import Settings
import Support
import Testing

@Suite("The files of a deployment", .timeLimit(.minutes(5)))
struct DeployTests {
    private static let folder = ContractSchemas.root.appending(path: "deploy").path

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
    }

    @Test("systemd reads the unit, and finds little to attack in it")
    func unit() async throws {
        let directory = try temporaryDirectory("unit")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let unit = directory + "/rtmanager@.service"
        let text = try Self.text("systemd/rtmanager@.service").replacing("/usr/bin/rtmanager worker", with: "/bin/true")
        try text.write(toFile: unit, atomically: true, encoding: .utf8)
        // The exposure is at most 2.0 of 10.
        try await Tool.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit])
        let words = try await Tool.run(["systemd-analyze", "verify", "--man=no", directory + "/rtmanager@1.service"])
        #expect(!words.contains("rtmanager@"), "\(words)")
    }

    @Test("the file of Redis' users leaves the user default open, and names the line that closes it")
    func defaultUser() async throws {
        let text = try Self.text("redis/users.acl")
        let line = try #require(
            text.firstMatch(of: /^# [^\n]*add the line `(user default [^`]*)`/.anchorsMatchLineEndings())
        )
        let users = text.split(separator: "\n").filter { $0.hasPrefix("user ") }.joined(separator: "\n")
        let directory = try temporaryDirectory("users")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var answers: [Bool] = []
        for (number, addition) in ["", "\n" + line.1].enumerated() {
            let file = directory + "/\(number).acl"
            try (users + addition + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            try await PrivateRedis.with(extraArguments: ["--aclfile", file]) { redis in
                let connection = RedisBlockingConnection(try RedisConfiguration(url: redis.url), logger: .silent)
                let answer = try? await connection.send(RedisCommand("DBSIZE"), serverTimeout: .seconds(5))
                answers.append(answer?.integer == 0)
                await connection.close()
            }
        }
        #expect(answers == [true, false])
    }

    @Test(
        "compose, stack and DaemonSet are YAML, name only settings that exist, and pin their images",
        arguments: ["compose.yaml", "stack.yaml", "kubernetes.yaml"]
    )
    func manifests(name: String) async throws {
        let script = "import sys, yaml; print(len([d for d in yaml.safe_load_all(open(sys.argv[1])) if d]))"
        let count = try await Tool.run(["python3", "-c", script, Self.folder + "/" + name])
        #expect(count == (name == "kubernetes.yaml" ? "2\n" : "1\n"))
        let text = try Self.text(name)
        let known = Set(SettingDescriptor.all.map(\.name))
        let named = text.matches(of: #/\b(RTM_[A-Z_]+): |name: (RTM_[A-Z_]+)/#).map { String($0.1 ?? $0.2 ?? "") }
        #expect(!named.isEmpty && Set(named).subtracting(known) == [])
        let images = text.matches(of: #/(?m)image: (\S+)$/#).map { String($0.1) }
        #expect(!images.isEmpty && images.allSatisfy { $0.contains(":") && !$0.hasSuffix(":latest") })
        // A worker runs without root, and its grace is longer than its drain.
        #expect(text.contains("65532") && text.contains(#/(stop_grace_period|terminationGracePeriodSeconds): 60/#))
    }

    @Test("each file of Grafana's provisioning is YAML")
    func provisioning() async throws {
        for kind in ["datasources", "dashboards"] {
            let path = Self.folder + "/grafana/provisioning/\(kind)/rtmanager.yml"
            try await Tool.run([
                "python3", "-c", "import sys, yaml; yaml.safe_load(open(sys.argv[1]))['apiVersion']", path,
            ])
        }
    }

    @Test("redis-sentinel accepts sentinel.conf")
    func sentinel() async throws {
        let directory = try temporaryDirectory("sentinel")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let port = try FreePort.find()
        let text = try Self.text("redis/sentinel.conf").replacing("port 26379", with: "port \(port)")
        try text.write(toFile: directory + "/sentinel.conf", atomically: true, encoding: .utf8)
        let server = try await ChildProcess.start(
            ["redis-server", directory + "/sentinel.conf", "--sentinel"],
            logPath: directory + "/log"
        )
        try await eventually("the sentinel to know its primary") {
            let ask = ["redis-cli", "-p", "\(port)", "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "rtmanager"]
            return (try? await Tool.run(ask))?.contains("192.0.2.1") == true
        }
        server.signal(SIGTERM)
        #expect(await server.waitForExit(atMost: .seconds(10)) != nil)
    }

    @Test("a release has an archive, a Debian package, an image and their sums")
    func release() async throws {
        let directory = try temporaryDirectory("release")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // The program of the tests: a release builds its own, which takes many minutes.
        let program = ContractSchemas.root.appending(path: ".build/debug/rtmanager").path
        let limit = Duration.seconds(240)
        try await Tool.run([Self.folder + "/release", "--binary", program, directory], limit: limit)
        try await Tool.run(["sh", "-c", "cd \(directory) && sha256sum --strict --check SHA256SUMS"])
        let package = try await Tool.run([
            "sh", "-c", "dpkg-deb --info \(directory)/*.deb && dpkg-deb --contents \(directory)/*.deb",
        ])
        for line in [
            "Package: rtmanager", "Depends: libc6 (>= 2.", "./usr/bin/rtmanager", "./etc/rtmanager/rtmanager.conf",
            "./usr/lib/systemd/system/rtmanager@.service", "./usr/share/bash-completion/completions/rtmanager",
        ] { #expect(package.contains(line), "\(line) in \(package)") }
        let archive = try await Tool.run(["sh", "-c", "tar -tzf \(directory)/rtmanager-*.tar.gz"])
        #expect(archive.contains("/usr/bin/rtmanager\n") && archive.contains("/redis/users.acl\n"))
        let image = try await Tool.run(["sh", "-c", "tar -xOf \(directory)/*-image.tar manifest.json"])
        #expect(image.contains(#""RepoTags": ["rtmanager:0.1.0"]"#), "\(image)")
    }
}

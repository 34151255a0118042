import Foundation
import Logging
import Redis
import Support
import Testing

/// Level, text and mend of each check.
private typealias Findings = [String: (level: String, text: String, mend: String)]

/// What the built program's doctor says, run by `prefix` where there is one.
private func examine(
    _ url: String,
    _ settings: [String: String] = [:],
    by prefix: [String] = [],
    program: String? = nil
) async throws
    -> Findings
{
    let directory = try temporaryDirectory("doctor")
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let environment = ["RTM_REDIS_URL": url, "DOCKER_HOST": "unix:///no/such.sock"].merging(settings) { $1 }
    let process = try await ChildProcess.start(
        prefix + [try program ?? Program.path, "doctor", "--output", "json"],
        environment: environment,
        logPath: directory + "/output"
    )
    guard await process.waitForExit(atMost: .seconds(30)) != nil else {
        await process.end()
        throw Overdue("the doctor did not end")
    }
    var findings: Findings = [:]
    for line in process.log.split(separator: "\n") where line.hasPrefix("{") {
        let json = try TestJSON(text: Data(line.utf8))
        let text = { (name: String) in json[name]?.string ?? "" }
        findings[text("check")] = (text("level"), text("text"), text("mend"))
    }
    guard !findings.isEmpty else { throw Overdue("the doctor said nothing: \(process.log)") }
    return findings
}

private func send(_ redis: PrivateRedis, _ commands: [RedisCommand]) async throws {
    let logger = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
    try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: logger) { client in
        for command in commands { _ = try await client.send(command) }
    }
}

@Suite("The doctor on a machine with problems", .tags(.timing), .timeLimit(.minutes(2)))
struct DoctorTroubleTests {
    @Test("The doctor recognises a replica")
    func replica() async throws {
        try await PrivateRedis.with { master in
            try await PrivateRedis.with(extraArguments: ["--replicaof", "127.0.0.1 \(master.port)"]) { replica in
                let found = try await examine(replica.url)
                #expect(found["redis role"]?.level == "failure")
                #expect(found["redis role"]?.text.contains("its master is 127.0.0.1:\(master.port)") == true)
                #expect(found["redis permissions"]?.level == "ok", "\(found)")
                #expect(try await examine(master.url)["redis role"]?.level == "ok")
            }
        }
    }

    @Test("The doctor tells a Redis and a Docker that hang from those that are away")
    func silence() async throws {
        try await PrivateRedis.with { redis in
            try await SilentServer.with { docker in
                redis.suspend()
                defer { redis.resume() }
                let found = try await examine(redis.url, ["DOCKER_HOST": "tcp://127.0.0.1:\(docker.port)"])
                #expect(found["redis"]?.level == "out_of_reach")
                #expect(found["redis"]?.text.contains("the server accepts connections, but gives no answer") == true)
                #expect(found["redis"]?.mend.contains("systemctl restart redis-server") == true, "\(found)")
                #expect(found["docker"]?.text.contains("accepts connections, but does not answer") == true)
                #expect(found["docker"]?.mend.contains("systemctl restart docker") == true, "\(found)")
            }
        }
    }

    @Test("The doctor reports memory that is nearly full, or full")
    func memory() async throws {
        try await PrivateRedis.with { redis in
            #expect(try await examine(redis.url)["redis memory"]?.level == "ok")
            try await send(
                redis,
                [
                    RedisCommand("SET", "ballast", .string(String(repeating: "x", count: 8_000_000))),
                    RedisCommand("CONFIG", "SET", "maxmemory", "11mb"),
                ]
            )
            let near = try await examine(redis.url)
            #expect(near["redis memory"]?.level == "warning", "\(near)")
            try await send(redis, [RedisCommand("CONFIG", "SET", "maxmemory", "2mb")])
            let full = try await examine(redis.url)
            #expect(full["redis memory"]?.level == "failure", "\(full)")
            #expect(full["redis permissions"]?.level == "ok")
        }
    }

    @Test("The doctor reports a slow network to Redis, and no clock difference")
    func latency() async throws {
        try await PrivateRedis.with { redis in
            try await TCPProxy.with(to: redis.port) { line in
                line.delay(by: .milliseconds(15))
                let found = try await examine("redis://127.0.0.1:\(line.port)")
                #expect(found["redis latency"]?.level == "warning", "\(found)")
                #expect(found["clock"]?.level == "ok")
            }
            #expect(try await examine(redis.url)["redis latency"]?.level == "ok")
        }
    }

    @Test("The doctor reports consumers that lost entries, delivered or not")
    func consumers() async throws {
        try await PrivateRedis.with { redis in
            let add = { (stream: String) in RedisCommand("XADD", .string("{rtm}:\(stream)"), "*", "a", "1") }
            let read = { (stream: String, group: String) in
                RedisCommand(
                    "XREADGROUP",
                    "GROUP",
                    .string(group),
                    "c",
                    "COUNT",
                    1,
                    "STREAMS",
                    .string("{rtm}:\(stream)"),
                    ">"
                )
            }
            let acknowledged = RedisCommand(
                "XREADGROUP",
                "GROUP",
                "late",
                "c",
                "COUNT",
                1,
                "NOACK",
                "STREAMS",
                "{rtm}:events",
                ">"
            )
            try await send(
                redis,
                [
                    add("results"), add("results"), add("events"), add("events"), add("events"),
                    RedisCommand("XGROUP", "CREATE", "{rtm}:results", "stuck", "0"),
                    RedisCommand("XGROUP", "CREATE", "{rtm}:results", "idle", "0"),
                    RedisCommand("XGROUP", "CREATE", "{rtm}:events", "late", "0"),
                    read("results", "stuck"), acknowledged,
                ]
            )
            let whole = try await examine(redis.url)
            #expect(whole["consumers"]?.text == "3 groups, none has lost an entry", "\(whole)")
            try await send(
                redis,
                [
                    RedisCommand("XTRIM", "{rtm}:results", "MAXLEN", 1),
                    RedisCommand("XTRIM", "{rtm}:events", "MAXLEN", 1),
                ]
            )
            let found = try await examine(redis.url)
            #expect(found["consumers"]?.level == "warning")
            #expect(found["consumers"]?.text.hasSuffix(": stuck on results, late on events") == true, "\(found)")
            try await send(
                redis,
                [
                    RedisCommand("XGROUP", "DESTROY", "{rtm}:results", "stuck"), read("events", "late"),
                    RedisCommand("XTRIM", "{rtm}:results", "MAXLEN", 0),
                ]
            )
            #expect(try await examine(redis.url)["consumers"]?.level == "ok")
        }
    }

    @Test("The doctor reports secret files that others may read, and short secrets")
    func secrets() async throws {
        let directory = try temporaryDirectory("secrets")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (key, token) = (directory + "/key", directory + "/token")
        let settings = ["RTM_SIGNING_KEY_FILE": key, "RTM_HTTP_TOKEN_FILE": token]
        try Data("k:0123456789abcdef".utf8).write(to: URL(fileURLWithPath: key))
        try Data("s3cret-token".utf8).write(to: URL(fileURLWithPath: token))
        try await PrivateRedis.with { redis in
            for (mode, level) in [(0o644, "warning"), (0o620, "warning"), (0o600, "ok")] {
                for path in [key, token] {
                    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                }
                let found = try await examine(redis.url, settings)
                #expect(found["signing key"]?.level == level, "\(mode)")
                #expect(found["http token"]?.level == level, "\(mode)")
            }
            for path in [key, token] { try Data("short\n".utf8).write(to: URL(fileURLWithPath: path)) }
            let found = try await examine(redis.url, settings)
            for (check, text) in [("signing key", "line 1: must be NAME:SECRET"), ("http token", "8 printable")] {
                #expect(found[check]?.level == "failure")
                #expect(found[check]?.text.contains(text) == true, "\(found)")
            }
        }
    }

    @Test(
        "The doctor reports a state folder on a file system without space or inodes",
        arguments: ["nr_inodes=1", "size=4k,nr_inodes=10", "size=1m"]
    )
    func fullDisk(options: String) async throws {
        let directory = try temporaryDirectory("full")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let script =
            #"mount -t tmpfs -o "$1" tmpfs "$2" && { [ "$1" = size=1m ] || head -c 4096 /dev/zero >"$2/ballast"; }"#
        try await PrivateRedis.with { redis in
            let found = try await examine(
                redis.url,
                ["RTM_STATE_ROOT": directory],
                by: ["unshare", "-rm", "sh", "-c", script + #"; shift 2; exec "$@""#, "sh", options, directory]
            )
            guard options != "size=1m" else {
                #expect(found["state folders"]?.level == "ok", "\(found)")
                return
            }
            #expect(found["state folders"]?.level == "failure", "\(found)")
            #expect(found["state folders"]?.text.hasSuffix("No space left on device") == true, "\(found)")
        }
    }

    @Test("The doctor reports a low limit of open files")
    func openFiles() async throws {
        try await PrivateRedis.with { redis in
            let found = try await examine(redis.url, by: ["prlimit", "--nofile=256:256"])
            #expect(found["open files"]?.level == "warning", "\(found)")
            #expect(found["open files"]?.text.hasPrefix("256 at most") == true)
        }
    }

    @Test("The doctor reports a socket and folders without access, each with a fix")
    func permissions() async throws {
        let directory = try temporaryDirectory("closed")
        let closed = directory + "/closed"
        defer {
            chmod(closed, 0o700)
            try? FileManager.default.removeItem(atPath: directory)
        }
        // Of its own, since the folder of the build may be closed to that user too. By another process: a file that
        // this one has open for writing, or a child that was started meanwhile, cannot be executed.
        try await Tool.run(["cp", try Program.path, directory + "/rtmanager"])
        try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: false)
        chmod(directory, 0o755)
        try await PrivateRedis.with(extraArguments: ["--unixsocket", closed + "/docker.sock"]) { redis in
            chmod(closed, 0)
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            let found = try await examine(
                redis.url,
                [
                    "DOCKER_HOST": "unix://\(closed)/docker.sock", "RTM_STATE_ROOT": closed + "/games",
                ],
                by: geteuid() == 0 ? nobody : [],
                program: directory + "/rtmanager"
            )
            #expect(found["docker"]?.text.contains("permission denied") == true, "\(found)")
            #expect(found["docker"]?.mend.hasPrefix("usermod") == true)
            #expect(found["state folders"]?.level == "failure")
            chmod(closed, 0o700)
        }
    }
}

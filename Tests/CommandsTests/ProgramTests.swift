import Foundation
import Support
import Testing

@testable import Commands

/// Calls the built program with these arguments.
private func call(_ arguments: String..., environment: [String: String] = [:]) async throws -> Call {
    try await CommandsTests.call(arguments, environment: environment)
}

@Suite("The program", .timeLimit(.minutes(1)))
struct ProgramTests {
    @Test("prints version and help on stdout, and exits with 0")
    func version() async throws {
        let version = try await call("--version")
        #expect(version.code == 0 && version.errors == "")
        #expect(version.output == "\(RootCommand.version) (data form 10)\n")
        let help = try await call("start", "--help")
        #expect(help.code == 0 && help.output.contains("rtmanager start lobby") && help.errors == "")
    }

    @Test("reports wrong arguments on stderr, and exits with 2")
    func wrongArguments() async throws {
        let unknown = try await call("stop", "lobby", "--unknown")
        #expect(unknown.code == 2 && unknown.output == "" && unknown.errors.contains("Unknown option '--unknown'"))
    }

    @Test("reports all wrong settings and likely misspellings on stderr, and exits with 2")
    func wrongSettings() async throws {
        let wrong = try await call(
            "worker",
            "--slots",
            "x",
            environment: ["RTM_REDIS_URL": "http://:pw@h", "RTM_QUEUE": "a"]
        )
        #expect(wrong.code == 2 && wrong.output == "")
        #expect(
            wrong.errors == """
                Error: 2 wrong settings:
                  RTM_REDIS_URL="http://***@h" (environment): must be redis://HOST[:PORT][/DB], \
                rediss://HOST[:PORT][/DB], redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER[/DB] or unix:///PATH
                  RTM_SLOTS="x" (flag --slots): must be a whole number from 0 to 1000000
                  warning: RTM_QUEUE in the environment is no setting and has no effect; did you mean RTM_QUEUES?

                """
        )
    }

    @Test("refuses a job that is too large before it connects to Redis")
    func tooLarge() async throws {
        let value = String(repeating: "x", count: 70_000)
        let large = try await call(
            "start",
            "g",
            "--image",
            "i",
            "--env",
            "A=\(value)",
            "--redis-url",
            "unix:///nowhere"
        )
        #expect(large.code == 2 && large.errors.contains("65536 at most"))
    }

    @Test(
        "never prints the password of a URL, whatever is wrong with the URL",
        arguments: [
            ["status", "--redis-url", "redis://user:hunter2@"], ["status", "--redis-url", "user:hunter2@h"],
            ["status", "--redis-url", "redis:user:hunter2"], ["status", "--redis-url", "hunter2"],
            ["status", "--redis-url", "redis://us@er:hunter2@h:x"], ["status", "--redis-url", "redis://u:hunter2"],
            ["status", "--redis-url", "redis://u:hunter2%40h"], ["status", "redis://u:hunter2@h"],
            ["status", "--redis", "redis://u:hunter2@h"], ["redis://u:hunter2@h"],
            ["status", "--redis-url", "redis://u:hunter2@127.0.0.1:1"],
            ["worker", "--no-wait", "--redis-url", "redis://u:hunter2@127.0.0.1:1"],
            ["worker", "--otlp-endpoint", "http://u:hunter2@h"], ["status", "--redis-url", "redis://u:%zzhunter2@h"],
            ["doctor", "--redis-url", "redis://u:hunter2@127.0.0.1:1"],
        ]
    )
    func passwords(arguments: [String]) async throws {
        let environment = ["DOCKER_HOST": "unix:///no/such.sock"]
        let call = try await CommandsTests.call(arguments, environment: environment)
        #expect(call.code != 0 && !(call.output + call.errors).contains("hunter2"), "\(call)")
        #expect(!call.errors.isEmpty)
    }

    @Test("reads the password of Redis from a file, with or without a line end")
    func passwordFile() async throws {
        let directory = try temporaryDirectory("password")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/password"
        let redis = try await PrivateRedis.start(requirePassword: "s3cret word")
        let url = "redis://127.0.0.1:\(redis.port)"
        func status(_ content: String, url: String) async throws -> Call {
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            return try await call("status", environment: ["RTM_REDIS_URL": url, "RTM_REDIS_PASSWORD_FILE": path])
        }
        for content in ["s3cret word", "s3cret word\n", "s3cret word\r\n"] {
            #expect(try await status(content, url: url).code == 0)
        }
        let begin = ContinuousClock.now
        for content in ["s3cret word\n\n", "wrong"] { #expect(try await status(content, url: url).code == 3) }
        // A wrong password stays wrong: nobody waits for another try.
        #expect(ContinuousClock.now - begin < .seconds(5))
        for content in ["", "\n", String(repeating: "x", count: 4_097)] {
            let call = try await status(content, url: url)
            #expect(call.code == 2 && call.errors.contains("RTM_REDIS_PASSWORD_FILE"), "\(call)")
        }
        let both = try await status("s3cret word", url: "redis://:s3cret%20word@127.0.0.1:\(redis.port)")
        #expect(both.code == 2 && both.errors.contains("give one of them") && !both.errors.contains("s3cret"))
        let flag = try await call("status", "--redis-url", url, "--redis-password-file", directory + "/none")
        #expect(flag.code == 2)
        await redis.stop()
    }
}

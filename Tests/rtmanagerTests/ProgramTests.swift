import Foundation
import Support
import Testing

@testable import rtmanager

/// Calls the built program with these arguments.
private func call(_ arguments: String..., environment: [String: String] = [:]) async throws -> Call {
    try await rtmanagerTests.call(arguments, environment: environment)
}

@Suite("The program", .timeLimit(.minutes(1)))
struct ProgramTests {
    @Test("tells its version and help on stdout, and ends with 0")
    func version() async throws {
        let version = try await call("--version")
        #expect(version.code == 0 && version.output == "\(RootCommand.version)\n" && version.errors == "")
        let help = try await call("start", "--help")
        #expect(help.code == 0 && help.output.contains("rtmanager start lobby") && help.errors == "")
    }

    @Test("tells wrong arguments on stderr, and ends with 2")
    func wrongArguments() async throws {
        let unknown = try await call("stop", "lobby", "--unknown")
        #expect(unknown.code == 2 && unknown.output == "" && unknown.errors.contains("Unknown option '--unknown'"))
    }

    @Test("tells all wrong settings and what may be behind them on stderr, and ends with 2")
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
                rediss://HOST[:PORT][/DB] or unix:///PATH
                  RTM_SLOTS="x" (flag --slots): must be a whole number from 0 to 1000000
                  warning: RTM_QUEUE in the environment is no setting and has no effect; did you mean RTM_QUEUES?

                """
        )
    }

    @Test("refuses a job that is too large before it looks for Redis")
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
}

import Foundation
import JobContract
import Logging
import Primitives
import Redis
import Support
import Testing

@testable import AdminServer
@testable import Commands
@testable import Observability
@testable import Terminal

@Suite("Output to a full device or a closed pipe", .timeLimit(.minutes(2)))
struct OutputTests {
    private static let calls = [
        ["status"], ["status", "--output", "json"], ["node", "list"], ["dead", "list"], ["queue", "peek", "default"],
        ["queue", "pause", "default", "--force"], ["history", "g"], ["--help"], ["--version"], ["start", "--help"],
        ["watch", "--last", "10"], ["start", "g", "--image", "i"],
        ["--generate-completion-script", "bash"],
    ]

    private func with(_ body: ([String: String]) async throws -> Void) async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                for number in 0..<10 {
                    _ = try await client.send(
                        RedisCommand(
                            "XADD",
                            "{rtm}:results",
                            "*",
                            "job_id",
                            "j\(number)",
                            "kind",
                            "stop",
                            "game_id",
                            "g",
                            "outcome",
                            "succeeded",
                            "effect",
                            "stopped"
                        )
                    )
                }
            }
            try await body(["RTM_REDIS_URL": redis.url])
        }
    }

    @Test("a full device fails the command with a message")
    func full() async throws {
        try await with { environment in
            for arguments in Self.calls {
                let call = try await call(
                    arguments,
                    environment: environment,
                    script: #"exec "$@" 2>"$errors" >/dev/full"#
                )
                #expect(call.code == 1, "\(arguments): \(call)")
                #expect(call.errors.contains("No space left on device"), "\(arguments): \(call.errors)")
            }
        }
    }

    @Test("a closed pipe ends the command quietly, with its usual exit code")
    func closedPipe() async throws {
        // The reader closes its end before the program begins.
        let script = #"""
            mkfifo "$errors.go"
            { read -r go <"$errors.go"; "$@" 2>"$errors"; echo $? >"$errors.code"; } |
            { exec <&-; echo go >"$errors.go"; }
            exit $(cat "$errors.code")
            """#
        try await with { environment in
            for arguments in Self.calls {
                let call = try await call(arguments, environment: environment, script: script)
                #expect(call.code == 0 && call.errors == "", "\(arguments): \(call)")
            }
        }
    }
}

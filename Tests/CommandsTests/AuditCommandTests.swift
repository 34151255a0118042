import JobContract
import JobQueue
import QueueAdmin
import Redis
import Support
import Testing

@testable import Commands

@Suite("The command that shows the audit, on a real Redis", .timeLimit(.minutes(2)))
struct AuditCommandTests {
    private func with(_ entries: Int, _ body: (String) async throws -> Void) async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                for number in 0..<entries {
                    let words = [
                        "{rtm}:audit", "\(1_777_863_721_000 + number)-0", "who", "ada", "address", "admin-1", "worker",
                        "", "action", "pause", "target", "queue-\(number)", "outcome",
                        "queue-\(number) is paused because of a reason that is longer than a line of a terminal can be",
                    ]
                    _ = try await client.send(RedisCommand("XADD", arguments: words.map { .string($0) }))
                }
            }
            try await body(redis.url)
        }
    }

    private func run(_ line: String, _ url: String) async throws -> Call {
        try await call(line.split(separator: " ").map(String.init), environment: ["RTM_REDIS_URL": url])
    }

    private func entries(_ call: Call) -> [Int] {
        call.output.matches(of: #/"entry":"1777863721([0-9]{3})-0"/#).compactMap { Int($0.1) }
    }

    @Test("the newest come first, in parts")
    func parts() async throws {
        try await with(5) { url in
            let all = try await run("audit --output json", url)
            #expect(entries(all) == [4, 3, 2, 1, 0])
            let first = try await run("audit --limit 2", url)
            #expect(first.code == 0 && first.output.contains("ada  pause   queue-4  admin-1  2026-05-04"), "\(first)")
            #expect(first.output.hasSuffix("\nolder actions: rtmanager audit --before 1777863721003-0\n"), "\(first)")
            let older = try await run("audit --limit 2 --output json --before 1777863721003-0", url)
            #expect(entries(older) == [2, 1])
            let newer = try await run("audit --limit 2 --output json --after 1777863721001-0", url)
            #expect(entries(newer) == [3, 2])
            let none = try await run("audit --after 1777863721004-0", url)
            #expect(none.code == 0 && none.output == "there are no further actions in this part\n", "\(none)")
        }
    }

    @Test("without an action it says so; a wrong entry is wrong use")
    func empty() async throws {
        try await with(0) { url in
            let (text, json) = (try await run("audit", url), try await run("audit --output json", url))
            #expect(text.output == "nobody has done anything yet\n" && json.output == "")
            for flags in ["--before x", "--before 1-0 --after 2-0", "--limit 0"] {
                let wrong = try await run("audit \(flags)", url)
                #expect(wrong.code == 2, "\(wrong)")
            }
        }
    }

    @Test("on a terminal no line is wider, and nothing is lost", arguments: [80, 60])
    func terminal(columns: Int) async throws {
        try await with(2) { url in
            let script = """
                PROGRAM=$1; export PROGRAM
                script -qec 'stty cols \(columns) rows 24; "$PROGRAM" audit' /dev/null
                """
            let environment = ["RTM_REDIS_URL": url, "PATH": "/usr/bin:/bin", "TERM": "xterm", "NO_COLOR": "1"]
            let shown = try await call([], environment: environment, script: script)
            let lines = shown.output.split(whereSeparator: \.isNewline).map(String.init)
            #expect(lines.allSatisfy { $0.count <= columns }, "\(lines)")
            let words = lines.flatMap { $0.split(separator: " ").map(String.init) }
            let outcome = "queue-1 is paused because of a reason that is longer than a line of a terminal can be"
            #expect(outcome.split(separator: " ").allSatisfy { words.contains(String($0)) }, "\(lines)")
        }
    }
}

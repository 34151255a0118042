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

/// Text that tries to command a terminal, or to look like something else.
private let hostileTexts: [String] = [
    "\u{1B}[31mred\u{1B}[0m", "\u{1B}]0;title\u{7}", "\u{1B}]8;;http://evil.example\u{1B}\\link", "\u{9B}31mC1",
    "\u{9D}0;title\u{9C}", "line\nFORGED: yes", "back\rFORGED", "tab\tFORGED", "\u{8}\u{8}\u{7F}", "\u{85}FORGED",
    "\u{2028}FORGED", "\u{2029}FORGED", "\u{202E}evil\u{202C}", "\u{2066}x\u{2069}", "\u{200F}\u{200E}", "\u{61C}x",
    "\u{0B}\u{0C}", "\"quotes\" and \\ {\"json\":1}",
]

private let hostile = "begin " + hostileTexts.joined(separator: " ") + " end"

/// Scalars that may not reach a terminal; line feeds are looked at by themselves.
private func disturbs(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A: false
    case 0...0x1F, 0x7F...0x9F, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
}

/// Fails where a text could disturb a terminal, or where a hostile text has begun a line.
private func expectHarmless(_ text: String, _ what: String) {
    let found = text.unicodeScalars.filter(disturbs).map { String($0.value, radix: 16) }
    #expect(found.isEmpty, "\(what) lets \(found) through")
    #expect(
        !text.split(separator: "\n").contains { $0.hasPrefix("FORGED") },
        "\(what) has a forged line: \(text.debugDescription)"
    )
}

@Suite("Escapes of text for a terminal")
struct TerminalTextTests {
    @Test("interpolated text is escaped, and the program's own text is not", arguments: hostileTexts)
    func escapes(text: String) {
        let whole: TerminalText = "\u{1B}[1mgame\n\(text), \(Substring(text)), \(Optional(text) ?? "")"
        #expect(whole.text.hasPrefix("\u{1B}[1mgame\n"))
        for form in [
            TerminalText(text), TerminalText(json: JSONNode.string(text).text), "\(text)", "\([text].joined())",
            JSONNode.strings([text: text]).line, Painter(isColored: false).paint("\(text)", .bad),
            CommandError.failed(text).text, CommandError.outOfReach(text).text, [TerminalText(text)].joined(by: ", "),
        ] { expectHarmless(form.text, "\(form)") }
        expectHarmless(String(whole.text.dropFirst(9)), "the rest")
    }

    @Test("JSON keeps the text", arguments: hostileTexts)
    func json(text: String) throws {
        let line = JSONNode.strings(["x": text]).line.text
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(object?["x"] == text)
        #expect(!line.contains("\n"))
    }

    @Test("help and problems of settings keep their line breaks, and no other control character")
    func lines() {
        #expect(TerminalText(lines: "a\n  b\u{1B}\r\n").text == "a\n  b\\u001b\\r\n")
        #expect(CommandError.wrongUse("a\n  b").text == "Error: a\n  b")
        #expect(CommandError.failed("a\nb").text == "Error: a\\nb")
    }

    @Test("the page in a browser has no character that changes the direction of writing", arguments: hostileTexts)
    func html(text: String) { expectHarmless(HTMLText.escape(text), "HTML") }

    @Test("a log entry is one line", arguments: hostileTexts)
    func log(text: String) {
        let line = LogLine(
            time: .init(seconds: 0),
            level: .error,
            label: text,
            message: text,
            metadata: [text: .string(text), "list": [.string(text), ["k": .string(text)]]]
        )
        for form in [line.text(colored: false), line.json()] {
            expectHarmless(form.text, "the log")
            #expect(!form.text.contains("\n"))
        }
    }
}

@Suite("Every command with hostile text in Redis", .timeLimit(.minutes(2)))
struct HostileTextTests {
    /// Calls that end by themselves, and whether they print data as JSON, too.
    private static let calls: [([String], hasJSON: Bool)] = [
        (["status"], true), (["node", "list"], true), (["dead", "list"], true), (["dead", "show", "d1"], true),
        (["queue", "peek", "default"], true), (["job", "j1"], true), (["job", "q1"], true), (["history", "g"], true),
        (["watch", "--last", "10", "--count", "2"], true),
        (["start", "g", "--image", "i", "--id", "j1", "--wait", "--wait-timeout", "2"], true),
        (["stop", "g", "--id", "j1", "--wait", "--wait-timeout", "2"], true), (["doctor"], true),
        (["dead", "retry", "d1"], true), (["dead", "show", hostile], false), (["job", hostile], false),
        (["node", "drain", hostile], false), (["queue", "pause", hostile], false), (["history", hostile], false),
        (["stop", hostile], false), ([hostile], false), (["start", "g", "--image", hostile, "--" + hostile], false),
        (["status", "--redis-url", "redis://127.0.0.1:1/" + hostile], false),
        (["worker", "--queues", hostile, "--network", hostile], false), (["dead", "drop", "d1"], true),
    ]

    private func fill(_ redis: PrivateRedis) async throws {
        let text = RedisArgument.string(hostile)
        let job = #"{"v":1,"id":"q1","kind":"start","game_id":"g","image":"i","labels":{"a":"\#u{202E}\#u{9B}31m"}}"#
        try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
            for command in [
                RedisCommand("LPUSH", "{rtm}:queue:default", .string(job)),
                RedisCommand("LPUSH", "{rtm}:queue:default", text), RedisCommand("SADD", "{rtm}:queues", "default"),
                RedisCommand("SADD", "{rtm}:queues", text), RedisCommand("ZADD", "{rtm}:nodes", 1, text),
                RedisCommand(
                    "XADD",
                    "{rtm}:dead",
                    "*",
                    "job_id",
                    "d1",
                    "run",
                    "1",
                    "queue",
                    text,
                    "error_code",
                    text,
                    "error",
                    text,
                    "message",
                    text,
                    "size",
                    .integer(Int64(hostile.utf8.count)),
                    "sha1",
                    text,
                    "died_at",
                    text
                ),
                RedisCommand(
                    "XADD",
                    "{rtm}:results",
                    "*",
                    "v",
                    "1",
                    "job_id",
                    text,
                    "kind",
                    text,
                    "game_id",
                    "g",
                    "outcome",
                    "failed",
                    "effect",
                    text,
                    "error_code",
                    text,
                    "error",
                    text,
                    "node",
                    text
                ),
                RedisCommand(
                    "XADD",
                    "{rtm}:events",
                    "*",
                    "v",
                    "1",
                    "event",
                    "exited",
                    "game_id",
                    "g",
                    "job_id",
                    "j1",
                    "reason",
                    text,
                    "container_id",
                    text,
                    "image",
                    text,
                    "node",
                    text
                ),
                RedisCommand(
                    "HSET",
                    "{rtm}:job:j1",
                    "state",
                    "done",
                    "job_id",
                    "j1",
                    "kind",
                    "start",
                    "game_id",
                    "g",
                    "outcome",
                    "failed",
                    "effect",
                    "none",
                    "error_code",
                    text,
                    "error",
                    text,
                    "node",
                    text,
                    "worker",
                    text
                ),
            ] { _ = try await client.send(command) }
        }
    }

    @Test("no control character reaches a terminal, and the JSON is valid")
    func commands() async throws {
        try await PrivateRedis.with { redis in
            try await fill(redis)
            for (arguments, hasJSON) in Self.calls {
                for form in hasJSON ? [[], ["--output", "json"]] : [[]] {
                    let call = try await call(
                        arguments + form,
                        environment: ["RTM_REDIS_URL": redis.url, "DOCKER_HOST": "unix:///no/such.sock"]
                    )
                    let what = (arguments.prefix(2) + form).joined(separator: " ").prefix(60)
                    expectHarmless(call.output, "stdout of \(what)")
                    expectHarmless(call.errors, "stderr of \(what)")
                    #expect(!(call.output + call.errors).isEmpty, "\(what)")
                    guard !form.isEmpty else { continue }
                    for line in call.output.split(separator: "\n") {
                        #expect(throws: Never.self, "\(what): \(line)") {
                            try JSONSerialization.jsonObject(with: Data(line.utf8))
                        }
                    }
                }
            }
        }
    }
}

@Suite("Output to a full device or a closed pipe", .timeLimit(.minutes(2)))
struct OutputTests {
    private static let calls = [
        ["status"], ["status", "--output", "json"], ["node", "list"], ["dead", "list"], ["queue", "peek", "default"],
        ["queue", "pause", "default"], ["history", "g"], ["--help"], ["--version"], ["start", "--help"],
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

import JobContract
import Logging
import QueueAdmin
import Redis
import RuntimeClient
import Support
import Testing

@testable import Commands
@testable import Terminal

@Suite("Commands for many games")
struct BulkTests {
    private static func game(_ id: String, _ state: String = "running", node: String = "n1") -> GameStatus? {
        GameStatus(
            GameID(id),
            #"{"state":"\#(state)","node":"\#(node)","container_id":"c","image":"i","job_id":"j"}"#
        )
    }

    private static let all = [
        game("b"), game("a", "exited"), game("arena-2", node: "n2"), game("arena-1", "exited", node: "n2"),
    ].compactMap { $0 }

    @Test("a choice has the games with work to do, in order")
    func selection() {
        func chosen(_ selection: GameSelection) -> [GameID] { selection.games(from: Self.all).map(\.gameID) }
        #expect(chosen(GameSelection(kind: .stop)) == ["arena-2", "b"])
        #expect(chosen(GameSelection(kind: .remove)) == ["a", "arena-1"])
        #expect(chosen(GameSelection(kind: .remove, isForced: true)).count == 4)
        #expect(chosen(GameSelection(kind: .restart, node: "n2")) == ["arena-1", "arena-2"])
        #expect(chosen(GameSelection(kind: .restart, pattern: IDPattern("a*"), node: "n1")) == ["a"])
    }

    @Test("the counting line and the table of failures")
    func progress() {
        var progress = BulkProgress(kind: .stop, pending: ["j1": "a", "j2": "b", "j3": "c"])
        #expect(progress.line == "stop: 0 of 3 done" && !progress.isDone)
        progress.take(JobResult(fields: ["job_id": "j1", "outcome": "succeeded", "effect": "stopped"]))
        progress.take(JobResult(fields: ["job_id": "other", "outcome": "failed"]))
        let failed = ["job_id": "j2", "outcome": "failed", "error_code": "timeout", "error": "too late\u{7}"]
        progress.take(JobResult(fields: failed))
        #expect(progress.line == "stop: 1 of 3 done, 1 failed" && !progress.isDone)
        progress.giveUp("no result")
        #expect(progress.line == "stop: 1 of 3 done, 2 failed" && progress.isDone && progress.hasFailed)
        let table = BulkProgress.table(progress.failures, of: "GAME")
        #expect(
            table.lines(on: .plain, things: "games").joined(by: "\n").text == """
                GAME  JOB  WHY
                b     j2   timeout: too late\\u0007
                c     j3   no result
                """
        )
    }

    @Test("only y and yes agree", arguments: [("y", true), (" Yes ", true), ("", false), ("n", false), ("yy", false)])
    func agrees(line: String, expected: Bool) { #expect(Confirmation.agrees(line) == expected) }
}

@Suite("Commands for many things on a real Redis", .timeLimit(.minutes(2)))
struct BulkCommandTests {
    private func with(_ commands: [[String]], _ body: (String) async throws -> Void) async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                for words in commands {
                    _ = try await client.send(RedisCommand(words[0], arguments: words.dropFirst().map { .string($0) }))
                }
            }
            try await body(redis.url)
        }
    }

    private func run(_ line: String, _ url: String) async throws -> Call {
        try await call(line.split(separator: " ").map(String.init), environment: ["RTM_REDIS_URL": url])
    }

    private static func games() -> [[String]] {
        ["arena-1", "arena-2", "lobby"].map { name in
            let node = name == "lobby" ? "host-b" : "host-a"
            let field = #"{"state":"running","node":"\#(node)","container_id":"c","image":"i","job_id":"j"}"#
            return ["HSET", "{rtm}:games", name, field]
        } + [["ZADD", "{rtm}:nodes", "1", "host-a", "1", "host-b"]]
    }

    @Test("--dry-run shows the games; without --yes a pipe is refused; named games are not asked about")
    func stop() async throws {
        try await with(Self.games()) { url in
            let shown = try await run("stop --match arena-* --dry-run", url)
            #expect(
                shown.code == 0
                    && shown.output == """
                        would stop 2 games:
                        GAME     STATE    NODE
                        arena-1  running  host-a
                        arena-2  running  host-a

                        """,
                "\(shown)"
            )
            let refused = try await run("stop --match arena-*", url)
            let sentence = "Error: to stop 2 games without a terminal needs --yes; --dry-run shows what would be done\n"
            #expect(refused.code == 2 && refused.errors == sentence)
            let none = try await run("stop --node host-a --match lobby --yes", url)
            #expect(none.code == 1 && none.errors == "Error: there is no game to stop among those\n")
            let pushed = try await run("stop --node host-b --match l* --yes --output json", url)
            #expect(pushed.code == 0 && pushed.output.hasPrefix(#"{"game_id":"lobby","job_id":"#), "\(pushed)")
            let named = try await run("stop arena-1 arena-1 other", url)
            #expect(named.code == 0 && named.output.split(separator: "\n").count == 2, "\(named)")
            #expect(named.output.hasPrefix("arena-1: job "))
        }
    }

    @Test("a wait that is too short names the games, and exits with 1")
    func waits() async throws {
        try await with(Self.games()) { url in
            let waited = try await run("stop arena-1 arena-2 --wait --wait-timeout 1", url)
            #expect(waited.code == 1 && waited.errors == "Error: 2 jobs did not succeed\n", "\(waited)")
            #expect(waited.output.hasPrefix("stop: 0 of 2 done, 2 failed\nGAME     JOB       WHY\narena-1  "))
            #expect(waited.output.contains("no result within 1s; the job goes on"))
        }
    }

    @Test("on a terminal a person is asked, and only yes does something")
    func asks() async throws {
        try await with(Self.games()) { url in
            // `script` gives the program a terminal, and passes the answer on.
            func answer(_ text: String) async throws -> Call {
                let script = #"(sleep 1; echo \#(text)) | script -qec "'$1' stop --match lobby" /dev/null"#
                let environment = ["RTM_REDIS_URL": url, "PATH": "/usr/bin:/bin", "TERM": "xterm"]
                return try await call([], environment: environment, script: script)
            }
            let refused = try await answer("n")
            #expect(refused.output.contains("stop 1 game? [y/N]") && refused.output.contains("nothing was done"))
            let agreed = try await answer("y")
            #expect(agreed.output.contains("lobby: job "), "\(agreed)")
        }
    }

    @Test("top shows the fleet, ends with q or a signal, and leaves the terminal as it was")
    func top() async throws {
        try await with(Self.games()) { url in
            let environment = ["RTM_REDIS_URL": url, "PATH": "/usr/bin:/bin", "TERM": "xterm"]
            func run(_ end: String) async throws -> Call {
                let inner = #"a=$(stty -g); "$PROGRAM" top; echo code $?; test "$a" = "$(stty -g)" && echo same"#
                let script = """
                    PROGRAM=$1; export PROGRAM
                    (\(end)) | script -qec 'stty cols 80 rows 24; \(inner)' /dev/null
                    """
                return try await call([], environment: environment, script: script)
            }
            let ended = try await run("sleep 2; printf 2; sleep 1; printf q; sleep 1")
            #expect(ended.output.contains("[2 games 0]") && ended.output.contains("\u{1B}[?1049h"), "\(ended)")
            #expect(ended.output.contains("\u{1B}[?1049l") && ended.output.contains("code 0"), "\(ended)")
            #expect(ended.output.contains("same"), "\(ended)")
            let piped = try await self.run("top", url)
            #expect(piped.code == 2 && piped.errors.contains("top needs a terminal"), "\(piped)")
        }
    }

    private static func letter(_ entry: String, _ id: String, _ code: String) -> [String] {
        let message = #"{"v":1,"id":"\#(id)","kind":"stop","game_id":"arena-1"}"#
        return [
            "XADD", "{rtm}:dead", entry, "job_id", id, "run", "1", "queue", "default", "error_code", code, "error", "x",
            "message", message, "size", "\(message.utf8.count)", "died_at", "2026-05-04T03:02:01Z",
        ]
    }

    @Test("dead letters are chosen by ids, by the begin of an id, by code and by game")
    func letters() async throws {
        let letters = [
            Self.letter("1-0", "12345678-a", "timeout"), Self.letter("2-0", "12345678-b", "timeout"),
            Self.letter("3-0", "other", "image_pull_failed"),
        ]
        try await with(letters) { url in
            let ambiguous = try await run("dead show 12345678", url)
            #expect(
                ambiguous.code == 1
                    && ambiguous.errors == "Error: 12345678 names more than one dead letter: 12345678-a, 12345678-b; "
                        + "give more characters\n"
            )
            let shown = try await run("dead drop --code timeout --game arena-? --dry-run", url)
            #expect(shown.code == 0 && shown.output.hasPrefix("would drop 2 dead letters:\n"), "\(shown)")
            #expect(try await run("dead drop --code timeout", url).code == 2)
            let some = try await run("dead drop 2-0 nobody", url)
            #expect(some.code == 1 && some.output.hasPrefix("1 dead letter is dropped\nLETTER  JOB     WHY\nnobody"))
            let dropped = try await run("dead drop --code timeout --yes", url)
            #expect(dropped.code == 0 && dropped.output == "1 dead letter is dropped\n", "\(dropped)")
            #expect(try await run("dead list", url).output.split(separator: "\n").count == 2)
        }
    }

    @Test("a namespace without data fails if this Redis has others; an unknown queue is not paused")
    func typos() async throws {
        let meta = ["rtm", "ux"].map { ["HSET", "{\($0)}:meta", "form", "1"] }
        try await with(meta + [["SADD", "{rtm}:queues", "default"]]) { url in
            for call in ["status", "jobs", "node list", "queue list", "worker list", "game g", "history g", "job j"] {
                let typo = try await run("\(call) --namespace typo", url)
                let sentence = "Error: nothing was ever in namespace typo; on this Redis: rtm, ux "
                #expect(typo.code == 1 && typo.errors == sentence + "(RTM_NAMESPACE, --namespace)\n", "\(call)")
            }
            let paused = try await run("queue pause defualt", url)
            #expect(
                paused.code == 1
                    && paused.errors == "Error: no worker has ever served queue defualt, and nothing waits in it; "
                        + "known queues: default. --force pauses it all the same\n"
            )
            #expect(try await run("queue pause defualt --force", url).output == "defualt is paused\n")
            #expect(try await run("queue pause default", url).output == "default is paused\n")
        }
        try await with([]) { url in
            let fresh = try await run("status", url)
            #expect(fresh.code == 0)
        }
    }

    @Test("a shell gets the names that Redis has, and nothing if Redis is away")
    func completions() async throws {
        try await with(Self.games() + [["SADD", "{rtm}:queues", "default", "low"]]) { url in
            func offered(_ words: String, _ url: String) async throws -> [Substring] {
                let call = try await run("---completion \(words)", url)
                #expect(call.code == 0 && call.errors == "", "\(call)")
                return call.output.split(separator: "\n")
            }
            let games = try await offered("stop -- positional@0 1 2 stop ar", url)
            #expect(games == ["arena-1", "arena-2"])
            let nodes = try await offered("node drain -- positional@0 2 4 node drain host", url)
            #expect(nodes == ["host-a", "host-b"])
            let queues = try await offered("queue pause -- positional@0 2 1 queue pause l", url)
            #expect(queues == ["low"])
            let away = try await offered("stop -- positional@0 1 2 stop ar", "redis://127.0.0.1:1")
            #expect(away == [])
        }
    }
}

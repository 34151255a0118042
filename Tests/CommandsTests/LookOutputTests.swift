import Foundation
import Logging
import Redis
import Support
import Testing

@testable import Commands

@Suite("Output of commands for jobs, games and the status", .timeLimit(.minutes(2)))
struct LookOutputTests {
    private static let container = String(repeating: "ab", count: 32)

    /// Two results and an event of the game lobby, and a result of another game.
    private static let entries: [[String]] = [
        [
            "XADD", "{rtm}:results", "1777863721000-0", "job_id", "start-1", "kind", "start", "game_id", "lobby",
            "outcome", "succeeded", "effect", "started", "container_id", container, "engine_endpoint",
            "http://lobby:8080", "attempts", "1",
        ],
        [
            "XADD", "{rtm}:events", "1777863721500-0", "event", "started", "game_id", "lobby", "job_id", "start-1",
            "container_id", container, "image", "engine:1", "node", "n1",
        ],
        [
            "XADD", "{rtm}:results", "1777863722000-0", "job_id", "stop-1", "kind", "stop", "game_id", "lobby",
            "outcome", "failed", "effect", "none", "error_code", "timeout", "error", "too late", "attempts", "3",
        ],
        [
            "XADD", "{rtm}:results", "1777863723000-0", "job_id", "stop-2", "kind", "stop", "game_id", "arena",
            "outcome", "succeeded", "effect", "stopped", "attempts", "1",
        ],
    ]

    private static let lobby = """
        2026-05-04 03:02:01.000  result  lobby         started          http://lobby:8080, container \
        abababababab, start start-1
        2026-05-04 03:02:01.500  event   lobby         started          container abababababab, engine:1, node n1
        2026-05-04 03:02:02.000  result  lobby         failed           timeout: too late, stop stop-1, 3 attempts

        """

    private func with(_ commands: [[String]], _ body: (String) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: logger) { client in
                for words in commands {
                    _ = try await client.send(
                        RedisCommand(words[0], arguments: words.dropFirst().map { .string($0) })
                    )
                }
            }
            try await body(redis.url)
        }
    }

    private func run(_ call: String, _ url: String, script: String? = nil) async throws -> Call {
        let words = call.split(separator: " ").map(String.init)
        guard let script else { return try await CommandsTests.call(words, environment: ["RTM_REDIS_URL": url]) }
        let environment = ["RTM_REDIS_URL": url, "PATH": "/usr/bin:/bin", "TERM": "xterm"]
        return try await CommandsTests.call(words, environment: environment, script: script)
    }

    @Test("history has the results and events of a game in order, or says that nothing is known")
    func history() async throws {
        let queued = ["LPUSH", "{rtm}:queue:default", #"{"v":1,"id":"q1","kind":"stop","game_id":"waiting"}"#]
        try await with(Self.entries + [["SADD", "{rtm}:queues", "default"], queued]) { url in
            let waiting = try await run("history waiting", url)
            #expect(waiting.code == 0 && waiting.output == "no result or event of waiting\n", "\(waiting)")
            let whole = try await run("history lobby", url)
            #expect(whole.code == 0 && whole.output == Self.lobby && whole.errors == "")
            for output in ["text", "json"] {
                let unknown = try await run("history chess --output \(output)", url)
                #expect(unknown.code == 1 && unknown.output == "", "\(unknown)")
                #expect(unknown.errors.contains("nothing is known of game chess: it has no container and no job"))
                let page = try await run("game chess --output \(output)", url)
                #expect(unknown.errors == page.errors.replacing("latest 5000", with: "latest 100000"))
            }
            let short = try await run("history lobby --search 1", url)
            #expect(short.output.hasSuffix("UTC are not shown\n"), "\(short.output)")
            #expect(short.output.contains("entries before 2026-05-04 03:02:0"))
            // The latest entries of both streams together have no holes.
            let two = try await run("history lobby --limit 2", url)
            let latest = Self.lobby.split(separator: "\n").suffix(2).joined(separator: "\n")
            #expect(two.output == latest + "\nentries before 2026-05-04 03:02:01.500 UTC are not shown\n")
            let json = try await run("history arena --output json", url)
            #expect(
                json.output == #"{"stream":"results","entry":"1777863723000-0","fields":{"attempts":"1","effect":"#
                    + #""stopped","game_id":"arena","job_id":"stop-2","kind":"stop","outcome":"succeeded"}}"# + "\n"
            )
        }
    }

    @Test("watch begins with the latest entries, of one game and one stream where asked")
    func watch() async throws {
        try await with(Self.entries) { url in
            let all = try await run("watch --last 10 --count 3 --game lobby", url)
            #expect(all.code == 0 && all.output == Self.lobby)
            let events = try await run("watch --last 1 --count 1 --only events", url)
            #expect(events.output == Self.lobby.split(separator: "\n")[1] + "\n")
        }
    }

    @Test("job shows what is known, and says why nothing is")
    func job() async throws {
        let queued = ["LPUSH", "{rtm}:queue:default", #"{"v":1,"id":"q1","kind":"stop","game_id":"lobby"}"#]
        let record = [
            "HSET", "{rtm}:job:start-1", "state", "done", "job_id", "start-1", "kind", "start", "game_id", "lobby",
            "outcome", "succeeded", "effect", "started", "container_id", Self.container, "attempts", "1", "node", "n1",
            "worker", "w1", "taken_at", "2026-05-04T03:02:00.500Z", "finished_at", "2026-05-04T03:02:01.000Z",
        ]
        let served = ["SADD", "{rtm}:queues", "default"]
        let elsewhere = [
            "LPUSH", "{rtm}:queue:elsewhere", #"{"v":1,"id":"q2","kind":"start","game_id":"lobby-2","image":"i"}"#,
        ]
        try await with(Self.entries + [record, queued, served, elsewhere]) { url in
            let done = try await run("job start-1", url)
            #expect(
                done.output == """
                    job       start-1
                    asks for  start of lobby
                    ended     lobby: started, container abababababab
                    attempts  1
                    taken     2026-05-04T03:02:00.500Z
                    finished  2026-05-04T03:02:01.000Z
                    worker    w1
                    node      n1

                    2026-05-04 03:02:01.500  event   lobby         started          container abababababab, engine:1, node n1

                    """
            )
            let waiting = try await run("job q1", url)
            #expect(
                waiting.output.hasPrefix(
                    "job      q1\nstate    waits: no worker serves this queue (queue default, 0 before it)\n"
                )
            )
            let game = try await run("game lobby-2", url)
            #expect(
                game.output == """
                    game        lobby-2
                    state       no container
                    in a queue  start q2
                    its state   waits: no worker serves this queue (queue elsewhere, 0 before it)

                    next
                      rtmanager job q2

                    """,
                "\(game)"
            )
            let unknown = try await run("job nobody-knows", url)
            #expect(
                unknown.code == 1
                    && unknown.errors == """
                        Error: job nobody-knows is not known: no worker has taken it in, or its record has expired; \
                        it is not among the oldest 10000 messages of each queue

                        """
            )
        }
    }

    @Test("a push without --wait names the job and its queue; a result that does not come is a failure")
    func push() async throws {
        try await with([]) { url in
            let text = try await run("start lobby --image i --id j1 --queue urgent", url)
            #expect(text.code == 0 && text.output == "job j1 is queued\n" && text.errors == "")
            let json = try await run("stop lobby --id j2 --output json", url)
            #expect(json.output == #"{"job_id":"j2","queue":"default"}"# + "\n")
            let waited = try await run("stop lobby --id j3 --wait --wait-timeout 1", url)
            #expect(waited.code == 1 && waited.output == "")
            #expect(
                waited.errors == """
                    lobby: job j3
                    lobby: waits: no worker serves this queue
                    Error: there is no result within 1s; the job goes on: rtmanager job j3

                    """
            )
        }
    }

    @Test("Ctrl-C during a wait names the job, which goes on, and exits with 130")
    func interrupted() async throws {
        try await with([]) { url in
            // The shell sends the signal once the job waits.
            let script = """
                "$@" 2>"$errors" & child=$!
                until grep -qs waits: "$errors"; do sleep 0.05; done
                kill -INT $child; wait $child
                """
            let words = ["stop", "lobby", "--id", "j4", "--wait"]
            let environment = ["RTM_REDIS_URL": url, "PATH": "/usr/bin:/bin"]
            let done = try await CommandsTests.call(words, environment: environment, script: script)
            #expect(done.code == 130 && done.output == "", "\(done)")
            #expect(done.errors.hasPrefix("lobby: job j4\n"))
            #expect(done.errors.hasSuffix("interrupted; the job goes on: rtmanager job j4\n"), "\(done.errors)")
        }
    }

    @Test("an earlier job with the id gives its result and its exit code, and nothing is pushed")
    func known() async throws {
        let record = [
            "HSET", "{rtm}:job:j1", "state", "done", "job_id", "j1", "kind", "stop", "game_id", "lobby", "outcome",
            "failed", "effect", "none", "error_code", "timeout", "error", "too late",
        ]
        try await with([record]) { url in
            let found = try await run("stop lobby --id j1", url)
            #expect(found.code == 1 && found.output == "lobby: failed timeout: too late\n")
            #expect(found.errors.contains("a job with this id has ended before; this one is dropped"))
            #expect(found.errors.hasSuffix("Error: the job did not succeed\n"))
            let other = try await run("start lobby --image i --id j1", url)
            #expect(
                other.code == 1
                    && other.errors == """
                        Error: the id j1 belongs to an earlier job, a stop of lobby; the start of lobby was not done: \
                        choose another id

                        """
            )
        }
    }

    @Test("on a terminal lines have colours and fit the width; NO_COLOR and TERM=dumb take the colours away")
    func terminal() async throws {
        try await with(Self.entries) { url in
            // `script` gives the program a terminal. Its own output has the terminal's line ends.
            let shell = #"exec script -qec "stty cols COLUMNS rows 20; SETTING exec '$1' history lobby" /dev/null"#
            func output(_ columns: Int, _ setting: String) async throws -> [String] {
                let script = shell.replacing("COLUMNS", with: "\(columns)").replacing("SETTING", with: setting)
                let done = try await run("history lobby", url, script: script)
                try #require(done.code == 0, "\(done)")
                return done.output.replacing("\r\n", with: "\n").split(separator: "\n").map(String.init)
            }
            func withoutColours(_ line: String) -> String { line.replacing(#/\u{1B}\[[0-9]*m/#, with: "") }
            let coloured = try await output(80, "")
            #expect(
                coloured[0].hasPrefix(
                    "\u{1B}[2m05-04 03:02:01  result  lobby   \u{1B}[0m  \u{1B}[32mstarted"
                )
            )
            #expect(coloured[4].contains("\u{1B}[31mfailed"))
            #expect(
                coloured.map(withoutColours) == [
                    "05-04 03:02:01  result  lobby     started   http://lobby:8080, container",
                    "                abababababab, start start-1",
                    "05-04 03:02:01  event   lobby     started   container abababababab, engine:1,",
                    "                node n1",
                    "05-04 03:02:02  result  lobby     failed    timeout: too late, stop stop-1, 3",
                    "                attempts",
                ]
            )
            for setting in ["NO_COLOR=1", "TERM=dumb"] {
                let plain = try await output(80, setting)
                #expect(plain == coloured.map(withoutColours), "\(setting)")
            }
            let wide = try await output(200, "NO_COLOR=")
            #expect(wide.map(withoutColours).joined(separator: "\n") + "\n" == Self.lobby)
            #expect(wide != wide.map(withoutColours))
        }
    }
}

import Foundation
import JobContract
import JobQueue
import QueueAdmin
import Redis
import Support
import Terminal
import Testing

@testable import Commands

@Suite("The command that moves messages, on a real Redis", .timeLimit(.minutes(2)))
struct MoveCommandTests {
    private static func message(_ id: String, _ game: String) -> String {
        #"{"v":1,"id":"\#(id)","kind":"stop","game_id":"\#(game)"}"#
    }

    /// Three messages in a mistyped queue, the oldest in its inbox, and a worker that serves another queue.
    private static let commands = [
        ["LPUSH", "{rtm}:inbox:defualt", message("j1", "lobby")],
        ["LPUSH", "{rtm}:queue:defualt", message("j2", "arena"), message("j3", "lobby")],
        ["LPUSH", "{rtm}:queue:default", message("j0", "chess")],
        ["SADD", "{rtm}:queues", "default", "urgent"],
        ["ZADD", "{rtm}:workers", "9000000000000000", "host-1-a", "9000000000000000", "host-2-b"],
        [
            "HSET", "{rtm}:worker_facts", "host-1-a", #"{"queues":["default","urgent"],"version":"1"}"#,
            "host-2-b", #"{"queues":["default"],"version":"1"}"#,
        ],
    ]

    private func with(_ body: (String, JobQueue) async throws -> Void) async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                for words in Self.commands {
                    _ = try await client.send(RedisCommand(words[0], arguments: words.dropFirst().map { .string($0) }))
                }
                let nobody = WorkerIdentity(id: "", node: "", nonce: "")
                let keys = Keyspace(namespace: "rtm")
                try await body(
                    redis.url,
                    JobQueue(redis: client, keys: keys, worker: nobody, options: JobQueueOptions())
                )
            }
        }
    }

    private func run(_ line: String, _ url: String, script: String? = nil) async throws -> Call {
        let words = line.split(separator: " ").map(String.init)
        guard let script else { return try await call(words, environment: ["RTM_REDIS_URL": url]) }
        let environment = ["RTM_REDIS_URL": url, "PATH": "/usr/bin:/bin", "TERM": "xterm"]
        return try await call(words, environment: environment, script: script)
    }

    private func ids(_ queue: JobQueue, _ name: String) async throws -> [String] {
        try await queue.peek(queue: name, limit: 100).compactMap { message in
            guard case .bytes(let bytes) = message, case .job(let job) = JobDecoder().decode(bytes) else { return nil }
            return job.id.text
        }
    }

    @Test("a dry run shows the messages; without --yes a pipe is refused; --yes moves them in order, and is audited")
    func moves() async throws {
        try await with { url, queue in
            let shown = try await run("queue move defualt default --dry-run", url)
            #expect(
                shown.output == """
                    would move 3 messages from defualt to default:
                    GAME   MESSAGES  OLDEST
                    lobby         2       -
                    arena         1       -

                    """,
                "\(shown)"
            )
            let refused = try await run("queue move defualt default", url)
            let sentence = "Error: to move 3 messages from defualt to default without a terminal needs --yes; "
            #expect(refused.code == 2 && refused.errors.hasPrefix(sentence), "\(refused)")
            #expect(try await ids(queue, "defualt") == ["j1", "j2", "j3"])
            #expect(try await queue.auditEntries(limit: 10).isEmpty)
            let moved = try await run("queue move defualt default --yes", url)
            #expect(moved.code == 0 && moved.output == "3 messages are moved from defualt to default\n", "\(moved)")
            #expect(try await ids(queue, "default") == ["j0", "j1", "j2", "j3"])
            #expect(try await ids(queue, "defualt") == [])
            let entry = try #require(try await queue.auditEntries(limit: 10).first)
            #expect(entry.action == "move" && entry.target == "defualt to default")
            #expect(entry.outcome == "3 messages are moved from defualt to default")
            let again = try await run("queue move defualt default --yes --output json", url)
            let none = "Error: no message waits in queue defualt; no queue without a worker has one\n"
            #expect(again.code == 1 && again.errors == none, "\(again)")
        }
    }

    @Test("for machines the outcome has numbers")
    func json() async throws {
        try await with { url, _ in
            let moved = try await run("queue move defualt urgent --yes --output json", url)
            #expect(moved.output == #"{"from":"defualt","to":"urgent","moved":3,"left":0}"# + "\n", "\(moved)")
        }
    }

    @Test(
        "a move without sense is refused, and says why",
        arguments: [
            ("default default", 2, #"the messages of "default" are in that queue already"#),
            ("defualt a/b", 2, #"the queue "a/b" must be 1 to 64 of"#),
            (
                "default urgent", 1,
                "worker host-1-a (and 1 more) serves queue default and takes its messages; `rtmanager queue list` says"
            ), ("urgent default", 1, "worker host-1-a serves queue urgent and takes its messages"),
            ("defaul default", 1, "no message waits in queue defaul; queues without a worker: defualt"),
            (
                "defualt other", 1,
                "no worker serves queue other, so the messages would wait there, too; served queues: default, urgent. "
                    + "--yes moves them all the same"
            ),
        ]
    )
    func refusals(queues: String, code: Int32, sentence: String) async throws {
        try await with { url, queue in
            let refused = try await run("queue move \(queues)", url)
            #expect(refused.code == code && refused.errors.contains(sentence), "\(refused)")
            #expect(try await ids(queue, "defualt").count == 3)
        }
    }

    @Test("--yes also moves to a queue without a worker, and to a paused one, and says so")
    func unserved() async throws {
        try await with { url, queue in
            _ = try await queue.pause(queue: "other")
            let moved = try await run("queue move defualt other --yes", url)
            #expect(
                moved.output == """
                    3 messages are moved from defualt to other
                    no worker serves other
                    other is paused: rtmanager queue resume other

                    """,
                "\(moved)"
            )
            // The mistyped name may have any characters.
            let odd = ["LPUSH", "{rtm}:queue:a b/c", Self.message("j9", "lobby")]
            _ = try await queue.client.send(RedisCommand(odd[0], arguments: odd.dropFirst().map { .string($0) }))
            let peeked = try await call(["queue", "peek", "a b/c"], environment: ["RTM_REDIS_URL": url])
            #expect(peeked.code == 0 && peeked.output == Self.message("j9", "lobby") + "\n", "\(peeked)")
            let named = try await call(
                ["queue", "move", "a b/c", "default", "--yes"],
                environment: ["RTM_REDIS_URL": url]
            )
            #expect(named.code == 0 && named.output == "1 message is moved from a b/c to default\n", "\(named)")
            let none = try await call(["queue", "peek", "a b/c"], environment: ["RTM_REDIS_URL": url])
            #expect(none.output.hasSuffix("rtmanager jobs --queue 'a b/c'\n"), "\(none)")
        }
    }

    @Test("a move that fails says how far it came, also in the audit")
    func fails() async throws {
        try await with { url, queue in
            _ = try await queue.client.send(RedisCommand("SET", "{rtm}:queue:urgent", "text"))
            let failed = try await run("queue move defualt urgent --yes", url)
            let begin = "0 of 3 messages are moved from defualt to urgent, and the rest stays there: "
            #expect(failed.code == 1 && failed.errors.hasPrefix("Error: \(begin)"), "\(failed)")
            #expect(failed.errors.contains("WRONGTYPE"), "\(failed)")
            #expect(try await queue.auditEntries(limit: 1).first?.outcome.hasPrefix(begin) == true)
            #expect(try await ids(queue, "defualt") == ["j1", "j2", "j3"])
        }
    }

    @Test("a signal ends the move between two calls, and the audit has the exact number")
    func interrupted() async throws {
        try await with { url, queue in
            let many = "for i = 1, 200000 do redis.call('LPUSH', KEYS[1], 'message ' .. i) end"
            let push = RedisCommand("EVAL", .string(many), 1, "{rtm}:queue:defualt")
            _ = try await queue.client.send(push, timeout: .seconds(30))
            let directory = try temporaryDirectory("move")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let process = try await ChildProcess.start(
                [try Program.path, "queue", "move", "defualt", "urgent", "--yes"],
                environment: ["RTM_REDIS_URL": url],
                logPath: directory + "/log"
            )
            try await eventually("the first messages") { try await queue.depth(of: "urgent").waiting > 0 }
            process.signal(SIGINT)
            #expect(await process.waitForExit(atMost: .seconds(30)) == 130, "\(process.log)")
            let moved = try await queue.depth(of: "urgent").waiting
            #expect(try await queue.depth(of: "defualt").waiting + moved == 200_003)
            let entry = try #require(try await queue.auditEntries(limit: 1).first)
            let count = TextTable.grouped(moved)
            #expect(entry.outcome == "\(count) of 200,003 messages are moved from defualt to urgent")
            #expect(process.log.contains("interrupted: \(count) of 200,003 messages are moved"), "\(process.log)")
        }
    }

    @Test("on a terminal a person is asked, and the lines fit", arguments: [80, 60])
    func asks(columns: Int) async throws {
        try await with { url, queue in
            func answer(_ text: String, _ flags: String = "") async throws -> Call {
                let inner = "stty cols \(columns) rows 24; $PROGRAM queue move defualt default \(flags)"
                let script = """
                    PROGRAM=$1; export PROGRAM
                    (sleep 1; echo \(text)) | script -qec '\(inner)' /dev/null
                    """
                return try await run("", url, script: script)
            }
            let refused = try await answer("n")
            #expect(refused.output.contains("move 3 messages from defualt to default? [y/N]"), "\(refused)")
            #expect(try await ids(queue, "defualt").count == 3)
            let shown = try await answer("", "--dry-run").output.split(whereSeparator: \.isNewline).map(String.init)
            #expect(shown.contains("would move 3 messages from defualt to default:"), "\(shown)")
            #expect(shown.allSatisfy { $0.count <= columns }, "\(shown)")
            _ = try await answer("y")
            #expect(try await ids(queue, "defualt").isEmpty)
        }
    }

    @Test("the list of queues and the status name a queue without a worker, and what to type")
    func named() async throws {
        try await with { url, _ in
            let remark = """
                no worker serves this queue: defualt (3 messages)
                  rtmanager queue move defualt TO

                """
            let list = try await run("queue list", url)
            #expect(list.output.hasPrefix(remark), "\(list)")
            #expect(list.output.contains("defualt        3       0      0       -  no worker\n"), "\(list)")
            let status = try await run("status", url)
            #expect(status.output.contains(remark), "\(status)")
            let doctor = try await run("doctor", url)
            #expect(doctor.output.contains("no worker serves this queue: defualt (3 messages)"), "\(doctor)")
            #expect(doctor.output.contains("mend: rtmanager queue move defualt TO, or start a worker"), "\(doctor)")
        }
    }
}

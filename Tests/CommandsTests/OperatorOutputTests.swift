import Foundation
import JobContract
import Logging
import Primitives
import Redis
import RuntimeCore
import Support
import Terminal
import Testing

@testable import Commands

/// A private Redis with fixed entries, and the built program against it.
private struct Stage {
    let url: String
    let client: RedisClient

    static func with(_ commands: [[String]], _ body: (Stage) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: logger) { client in
                let stage = Stage(url: redis.url, client: client)
                for command in commands { try await stage.send(command) }
                try await body(stage)
            }
        }
    }

    func send(_ words: [String]) async throws {
        let arguments = words.dropFirst().map { RedisArgument.string($0.replacing("NS:", with: "{rtm}:")) }
        _ = try await client.send(RedisCommand(words[0], arguments: arguments))
    }

    /// Calls the program and returns the exit code, stdout and stderr.
    func run(_ call: String) async throws -> Outcome {
        let words = call.split(separator: " ").map(String.init)
        let done = try await CommandsTests.call(words, environment: ["RTM_REDIS_URL": url])
        return Outcome(code: done.code, output: done.output, errors: done.errors)
    }
}

private struct Outcome: Equatable {
    var code: Int32
    var output = ""
    var errors = ""

    static func done(_ output: String) -> Outcome { Outcome(code: 0, output: output) }
    static func failed(_ message: String) -> Outcome { Outcome(code: 1, errors: "Error: \(message)\n") }
}

@Suite("Output of commands for queues, dead letters and nodes", .timeLimit(.minutes(2)))
struct OperatorOutputTests {
    private static let message = #"{"v":1,"id":"job-1","kind":"start","game_id":"lobby","image":"engine:1"}"#

    private static func dead(_ entry: String, _ fields: [String: String]) -> [String] {
        let all = ["queue": "default", "run": "1", "size": "3"].merging(fields) { $1 }
        return ["XADD", "NS:dead", entry] + all.flatMap { [$0.key, $0.value] }
    }

    private static let letters = [
        dead(
            "1777863721007-0",
            [
                "job_id": "job-1", "error_code": "invalid_answer", "error": "no\u{1B}[2J",
                "died_at": "2026-05-04T03:02:01.007Z", "message": message, "size": "\(message.utf8.count)",
            ]
        ),
        dead(
            "1777863721008-0",
            [
                "job_id": "invalid:1-0", "error_code": "invalid_job", "error": String(repeating: "x", count: 250),
                "died_at": "2026-05-04T03:02:01.008Z", "message": "abc", "size": "5000",
            ]
        ),
    ]

    @Test("dead letters are listed, the latest first, and shown with every field")
    func deadLetters() async throws {
        try await Stage.with(Self.letters) { stage in
            var list = try await stage.run("dead list")
            list.output.replace(#/ +AGE/#, with: "    AGE")
            list.output.replace(#/[0-9]+d[0-9]+h/#, with: "#")
            let long = String(repeating: "x", count: 250)
            #expect(
                list
                    == .done(
                        """
                        ENTRY            JOB          KIND   GAME   QUEUE    AGE  WHY
                        1777863721008-0  invalid:1-0  -      -      default  #  invalid_job: \(long)
                        1777863721007-0  job-1        start  lobby  default  #  invalid_answer: no\\u001b[2J

                        """
                    )
            )
            let one = try await stage.run("dead list --limit 1")
            #expect(one.output.contains("\n1777863721008-0") && one.output.split(separator: "\n").count == 3)
            #expect(one.output.hasSuffix("\nthere are more dead jobs: --limit shows more\n"))
            for (flags, entry) in [("--code invalid_job", "08-0"), ("--game lo*", "07-0"), ("--game lobby", "07-0")] {
                let some = try await stage.run("dead list \(flags) --output json")
                #expect(some.output.split(separator: "\n").count == 1 && some.output.contains(entry), "\(some)")
            }
            let recent = try await stage.run("dead list --since 1h")
            #expect(recent.code == 0 && recent.output.hasPrefix("no dead letter matches; the letters have these"))
            for call in ["retry --code timeuot --dry-run", "drop --code timeuot --yes"] {
                let none = try await stage.run("dead \(call)")
                #expect(none.code == 1 && none.errors.contains("these codes: "), "\(none)")
                #expect(none.errors.contains("invalid_job"))
            }
            let shown = try await stage.run("dead show job-1")
            #expect(
                shown
                    == .done(
                        """
                        died_at: 2026-05-04T03:02:01.007Z
                        entry: 1777863721007-0
                        error: no\\u001b[2J
                        error_code: invalid_answer
                        job_id: job-1
                        message: \(Self.message)
                        queue: default
                        run: 1
                        size: \(Self.message.utf8.count)

                        """
                    )
            )
            let json = try await stage.run("dead show 1777863721008-0 --output json")
            #expect(json.code == 0 && json.output.hasPrefix(#"{"died_at":"2026-05-04T03:02:01.008Z","entry":"#))
            #expect(json.output.contains(#""message":"abc","queue":"default","run":"1","size":"5000"}"#))
        }
    }

    @Test("a retry and a drop say what they did, and why they did nothing")
    func changes() async throws {
        try await Stage.with(Self.letters) { stage in
            let missing = Actions.unknownLetter("nobody").description
            for call in ["dead show nobody", "dead retry nobody", "dead drop nobody"] {
                let found = try await stage.run(call)
                #expect(found == .failed(missing))
            }
            let cut = try await stage.run("dead retry invalid:1-0")
            #expect(cut == .failed("Redis kept only 3 of the message's 5000 bytes; push the message again"))
            try await stage.send(Self.dead("1777863721009-0", ["job_id": "x", "message": "abc"]))
            let invalid = try await stage.run("dead retry x")
            #expect(
                invalid.code == 1 && invalid.errors.hasPrefix("Error: the message is still no job (invalid_message): ")
            )
            let dropped = try await stage.run("dead drop x")
            #expect(dropped == .done("x is dropped\n"))
            let entry = try await stage.run("dead drop 1777863721008-0 --output json")
            #expect(entry == .done(#"{"entry":"1777863721008-0","job_id":"invalid:1-0"}"# + "\n"))
            let last = try await stage.run("dead drop --all --yes")
            #expect(last == .done("1 dead letter is dropped\n"))
            let none = try await stage.run("dead drop --all --yes --output json")
            #expect(none == .done(#"{"dropped":"0"}"# + "\n"))
            let empty = try await stage.run("dead list")
            #expect(empty == .done("there are no dead letters\n"))
            let json = try await stage.run("dead list --output json")
            #expect(json == .done(""))
        }
    }

    @Test("a job larger than every node is not retried, since it and its game would wait for ever")
    func tooLarge() async throws {
        try await Stage.with([["ZADD", "NS:nodes", "1", "n1", "1", "n2"]]) { stage in
            let message = #"{"v":1,"id":"big","kind":"start","game_id":"g","image":"i","limits":{"memory":"99g"}}"#
            let fields = ["job_id": "big", "message": message, "size": "\(message.utf8.count)"]
            try await stage.send(Self.dead("1777863721009-0", fields))
            let gibibyte = 1 << 30
            try await stage.send(["HSET", "NS:node:n1", "cpu", "0", "memory", "\(2 * gibibyte)"])
            try await stage.send(["HSET", "NS:node:n2", "cpu", "0", "memory", "\(3 * gibibyte)"])
            let refused = try await stage.run("dead retry big")
            let begin = "Error: no node is as large as the job asks (memory 99g): "
            #expect(refused.code == 1 && refused.errors.hasPrefix(begin), "\(refused)")
            try await stage.send(["HSET", "NS:node:n2", "memory", "0"])
            let retried = try await stage.run("dead retry big")
            #expect(retried.code == 0, "\(retried)")
        }
    }

    @Test("a queue is paused and resumed once, and shows its oldest messages")
    func queues() async throws {
        let push = ["b\u{7}", "a"].map { ["LPUSH", "NS:queue:default", $0] }
        let large = ["LPUSH", "NS:queue:large", String(repeating: "x", count: 70_000)]
        try await Stage.with(push + [large]) { stage in
            let calls: [(String, String)] = [
                ("queue pause default", "default is paused\n"), ("queue pause default", "default was paused already\n"),
                ("queue pause default --output json", #"{"queue":"default","state":"paused"}"# + "\n"),
                ("queue resume default", "default is resumed\n"), ("queue resume default", "default was not paused\n"),
                ("queue resume default --output json", #"{"queue":"default","state":"open"}"# + "\n"),
                ("queue peek default", "b\\u0007\na\n"), ("queue peek default --limit 1", "b\\u0007\n"),
                ("queue peek default --output json --limit 1", #"{"message":"b\u0007"}"# + "\n"),
                (
                    "queue peek other",
                    "no message waits in other; jobs that workers have taken in: rtmanager jobs --queue other\n"
                ), ("queue peek other --output json", ""),
            ]
            for (call, output) in calls {
                let found = try await stage.run(call)
                #expect(found == .done(output), "\(call)")
            }
            let peeked = try await stage.run("queue peek large")
            #expect(
                peeked.output.hasPrefix("a message of 70000 bytes, which is too large to be a job (sha1 "),
                "\(peeked.output.prefix(200))"
            )
        }
    }

    @Test("only a lost node is forgotten, once")
    func forget() async throws {
        try await Stage.with([]) { stage in
            let unknown = Actions.unknownNode("n1").description
            #expect(try await stage.run("node forget n1") == .failed(unknown))
            try await stage.send(["ZADD", "NS:nodes", "1", "n1"])
            let alone = try await stage.run("node forget n1")
            #expect(alone.code == 1 && alone.errors.contains("node n1 is not lost, and no worker lives; only a living"))
            try await stage.send(["ZADD", "NS:workers", "9999999999999", "w2"])
            let lives = try await stage.run("node forget n1")
            #expect(lives.code == 1 && lives.errors.contains("node n1 is not lost, or one of its workers lives"))
            try await stage.send(["ZREM", "NS:nodes", "n1"])
            try await stage.send(["ZADD", "NS:lost_nodes", "1", "n1"])
            try await stage.send(["HSET", "NS:meta", "lost", "1"])
            try await stage.send(["HSET", "NS:owners", "g1", "n1", "g2", "n2"])
            let list = try await stage.run("node list")
            #expect(list.output.hasPrefix("nodes: 1 lost\n"), "\(list)")
            let unasked = try await stage.run("node forget n1")
            let question = "Error: to forget node n1 and its games for good without a terminal needs --yes\n"
            #expect(unasked.code == 2 && unasked.errors.hasPrefix(question), "\(unasked)")
            #expect(try await stage.run("node list").output.hasPrefix("nodes: 1 lost\n"))
            let forgotten = try await stage.run("node forget n1 --yes")
            #expect(forgotten == .done("n1 is forgotten, with 1 game and 0 containers\n"))
            #expect(try await stage.run("node forget n1") == .failed(unknown))
        }
    }

    @Test("a forgotten node ends no lifecycle that another id of its machine publishes")
    func forgetOtherName() async throws {
        try await Stage.with([]) { stage in
            let identity = ContainerIdentity(containerName: "n", gameID: "g1", jobID: "j1", image: "e", labels: [:])
            let mark = Checkpoint(startedAt: Timestamp(seconds: 1), identity: identity).encoded
            try await stage.send(["ZADD", "NS:lost_nodes", "1", "old"])
            try await stage.send(["ZADD", "NS:nodes", "1", "new"])
            try await stage.send(["HSET", "NS:meta", "lost", "1"])
            try await stage.send(["HSET", "NS:checkpoints:old", "c1", mark, "c2", mark, "c3", mark])
            try await stage.send(["HSET", "NS:checkpoints:new", "c1", mark])
            try await stage.send(["ZADD", "NS:ended:new", "1", "c2"])
            let forgotten = try await stage.run("node forget old --yes")
            #expect(forgotten == .done("old is forgotten, with 0 games and 1 container\n"))
            let history = try await stage.run("history g1")
            #expect(history.output.contains("c3") && !history.output.contains("c1"), "\(history)")
        }
    }

    @Test("a node that never had a worker is not known; a known one is drained and resumed once")
    func nodes() async throws {
        try await Stage.with([]) { stage in
            let unknown = Actions.unknownNode("n1").description
            for call in ["node drain n1", "node resume n1"] {
                let found = try await stage.run(call)
                #expect(found == .failed(unknown))
            }
            let empty = try await stage.run("node list")
            #expect(empty == .done("no worker of this namespace was ever seen\n"))
            try await stage.send(["ZADD", "NS:nodes", "1", "n1"])
            let calls: [(String, String)] = [
                ("node drain n1", "n1 begins no more starts; what runs there runs on\n"),
                ("node drain n1", "n1 was drained already\n"),
                ("node drain n1 --output json", #"{"node":"n1","state":"draining"}"# + "\n"),
                ("node resume n1", "n1 begins starts again\n"), ("node resume n1", "n1 was not drained\n"),
                ("node resume n1 --output json", #"{"node":"n1","state":"open"}"# + "\n"),
                ("node drain n1 --wait --output json", #"{"node":"n1","state":"draining"}"# + "\n"),
                ("node games n1", "no container is known on n1\n"),
            ]
            for (call, output) in calls {
                let found = try await stage.run(call)
                #expect(found == .done(output), "\(call)")
            }
        }
    }
}

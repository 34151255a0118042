import Foundation
import JobContract
import JobQueue
import Logging
import Redis
import Support
import Testing

@Suite("Operator commands on a real Redis", .timeLimit(.minutes(2)))
struct OperatorCommandTests {
    /// A private Redis, a client of it, and the built program against it.
    struct Desk {
        let client: RedisClient
        let url: String
        let keys = Keyspace(namespace: "rtm")

        var queue: JobQueue {
            let identity = WorkerIdentity(id: "w1", node: "n1", nonce: "w1")
            return JobQueue(redis: client, keys: keys, worker: identity, options: JobQueueOptions())
        }

        func run(_ arguments: String...) async throws -> (code: Int32, text: String) {
            let directory = try temporaryDirectory("desk")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let environment = ["RTM_REDIS_URL": url, "DOCKER_HOST": "unix:///no/such.sock"]
            let process = try await ChildProcess.start(
                [try Program.path] + arguments,
                environment: environment,
                logPath: directory + "/output"
            )
            guard let code = await process.waitForExit(atMost: .seconds(30)) else {
                await process.end()
                throw Overdue("`rtmanager \(arguments.joined(separator: " "))` did not end")
            }
            return (code, process.log)
        }

        func send(_ name: String, _ arguments: RedisArgument...) async throws {
            _ = try await client.send(RedisCommand(name, arguments: arguments))
        }
    }

    private func with(_ body: (Desk) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: logger) { client in
                try await body(Desk(client: client, url: redis.url))
            }
        }
    }

    private static func start(_ id: String) -> String {
        #"{"v":1,"id":"\#(id)","kind":"start","game_id":"g1","image":"engine:1"}"#
    }

    @Test("a stop with the id of a start fails and pushes nothing, before and after the start's end")
    func reusedID() async throws {
        try await with { desk in
            let decoder = JobDecoder()
            try await desk.send("LPUSH", .string(desk.keys.queue("default")), .string(Self.start("fixed-1")))
            _ = try await desk.queue.intake(queue: "default") { decoder.decode($0) }
            let sentence = "the id fixed-1 belongs to an earlier job, a start of g1; the stop of g1 was not done"
            let live = try await desk.run("stop", "g1", "--id", "fixed-1")
            #expect(live.code == 1 && live.text.contains(sentence), "\(live)")
            try await desk.queue.announce([])
            let job = try #require(try await desk.queue.claim(Capacity(starts: 1, stops: 1)).jobs.first)
            let ending = JobEnding(.succeeded, effect: .started)
            let finished = FinishedJob(job, ending: ending, owner: .keep, freesReservation: false)
            _ = try await desk.queue.finish([finished])
            let ended = try await desk.run("stop", "g1", "--id", "fixed-1", "--wait")
            #expect(ended.code == 1 && ended.text.contains(sentence), "\(ended)")
            #expect(try await desk.queue.depth(of: "default").waiting == 0)
            let same = try await desk.run("start", "g1", "--image", "engine:1", "--id", "fixed-1")
            #expect(same.code == 0, "\(same)")
        }
    }

    @Test("dead drop --all drops all and prints the count; without --all and without an id it is wrong use")
    func dropAll() async throws {
        try await with { desk in
            for number in 0..<70 {
                try await desk.send("LPUSH", .string(desk.keys.queue("default")), .string("bad \(number)"))
            }
            let decoder = JobDecoder()
            while try await desk.queue.intake(queue: "default", decode: { decoder.decode($0) }).taken > 0 {}
            #expect(try await desk.run("dead", "drop").code == 2)
            #expect(try await desk.run("dead", "drop", "x", "--all").code == 2)
            let unasked = try await desk.run("dead", "drop", "--all")
            let sentence = "to drop 70 dead letters without a terminal needs --yes"
            #expect(unasked.code == 2 && unasked.text.contains(sentence), "\(unasked)")
            let dropped = try await desk.run("dead", "drop", "--all", "--yes")
            #expect(dropped.code == 0 && dropped.text.contains("70 dead letters are dropped"), "\(dropped)")
            #expect(try await desk.queue.deadLetterTotals().count == 0)
        }
    }

    @Test("a dead message that reuses an id cannot be retried, and can be dropped")
    func reusedLetter() async throws {
        try await with { desk in
            let stop = Self.start("a").replacing("start", with: "stop")
            let decoder = JobDecoder()
            for message in [Self.start("a"), stop] {
                try await desk.send("LPUSH", .string(desk.keys.queue("default")), .string(message))
            }
            _ = try await desk.queue.intake(queue: "default") { decoder.decode($0) }
            let retried = try await desk.run("dead", "retry", "a")
            #expect(retried.code == 1 && retried.text.contains("the id a belongs to another job"), "\(retried)")
            #expect(try await desk.run("dead", "drop", "a").code == 0)
        }
    }

    @Test("status and doctor name keys of a wrong type; a command that needs such a key names it, too")
    func wrongTypes() async throws {
        try await with { desk in
            for name in ["queue:low", "dead", "paused"] {
                try await desk.send("SET", .string(desk.keys.prefix + name), "x")
            }
            let status = try await desk.run("status")
            let doctor = try await desk.run("doctor")
            for name in ["queue:low", "dead", "paused"] {
                #expect(status.text.contains("{rtm}:\(name) is a string"), "\(status)")
                #expect(doctor.text.contains("{rtm}:\(name) is a string"), "\(doctor)")
            }
            #expect(status.code == 0)
            let list = try await desk.run("dead", "list")
            #expect(list.code == 1 && list.text.contains("WRONGTYPE"), "\(list)")
            #expect(!list.text.contains("is Redis running"))
            try await desk.send("SET", .string(desk.keys.results), "x")
            let waiting = try await desk.run("stop", "g1", "--wait")
            #expect(waiting.code == 1 && waiting.text.contains("WRONGTYPE"), "\(waiting)")
        }
    }
}

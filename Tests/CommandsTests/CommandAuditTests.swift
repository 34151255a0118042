import Foundation
import JobContract
import JobQueue
import Logging
import QueueAdmin
import Redis
import Support
import Testing

@testable import Commands

@Suite("The audit of the command line", .timeLimit(.minutes(2)))
struct CommandAuditTests {
    @Test(
        "the person is who called sudo, else the user of the process",
        arguments: [("ada", "ada"), ("", "root"), (nil, "root")]
    )
    func person(_ sudo: String?, _ name: String) {
        let environment = sudo.map { ["SUDO_USER": $0] } ?? [:]
        let user = CommandUser(environment: environment, login: "root", host: "h1")
        #expect(user.name == name && user.host == "h1")
    }

    @Test("an action of an operator adds an entry: who, from where, on what, and the outcome")
    func entries() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: logger) { client in
                let letters = ["1-0", "2-0", "3-0"].map { entry -> RedisCommand in
                    let fields = ["job_id", "job-" + entry.prefix(1), "error_code", "invalid_job", "queue", "default"]
                    let words = ["{rtm}:dead", entry] + fields + ["run", "1", "size", "1", "message", "x"]
                    return RedisCommand("XADD", arguments: words.map { .string($0) })
                }
                let known = [
                    RedisCommand("ZADD", "{rtm}:nodes", 1, "n1"), RedisCommand("ZADD", "{rtm}:lost_nodes", 1, "n2"),
                    RedisCommand("HSET", "{rtm}:meta", "lost", "1"),
                ]
                for command in letters + known { _ = try await client.send(command) }
                let calls = [
                    "node drain n1", "node resume n1", "queue pause default --force", "queue resume default",
                    "dead retry job-1", "dead drop job-1", "dead drop job-2 job-3", "dead drop --all --yes",
                    "node forget n2 --yes",
                ]
                for line in calls {
                    let environment = ["RTM_REDIS_URL": redis.url, "SUDO_USER": "ada"]
                    _ = try await call(line.split(separator: " ").map(String.init), environment: environment)
                }
                try await check(client)
            }
        }
    }

    private func check(_ client: RedisClient) async throws {
        let queue = JobQueue(
            redis: client,
            keys: Keyspace(namespace: "rtm"),
            worker: WorkerIdentity(id: "", node: "", nonce: ""),
            options: JobQueueOptions()
        )
        let entries = Array(try await queue.auditEntries(limit: 100).reversed())
        #expect(entries.allSatisfy { $0.who == "ada" && $0.address == ProcessInfo.processInfo.hostName })
        let actions = ["drain", "resume-node", "pause", "resume", "retry", "drop", "drop", "drop-all", "forget"]
        #expect(entries.map(\.action) == actions)
        let targets = [
            "n1", "n1", "default", "default", "1-0 job-1", "1-0 job-1", "2-0 job-2, 3-0 job-3", "all dead letters",
            "n2",
        ]
        #expect(entries.map(\.target) == targets)
        guard entries.count == actions.count else { return }
        #expect(entries[0].outcome == "n1 begins no more starts")
        #expect(entries[4].outcome.hasPrefix("the message is still no job"), "a failure is an outcome, too")
        #expect(entries[6].outcome == "2 dead letters are dropped")
        #expect(entries[8].outcome == "n2 is forgotten, with 0 games and 0 containers")
    }
}

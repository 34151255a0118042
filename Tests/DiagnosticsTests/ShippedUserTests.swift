import JobContract
import JobQueue
import Redis
import Support
import Testing

@testable import Diagnostics

@Suite("What the doctor says to the shipped users of Redis", .timeLimit(.minutes(1)))
struct ShippedUserTests {
    /// Calls `body` with a Redis that has the users, a living worker and a dead letter.
    private func withUsers(
        _ body: (_ queue: JobQueue, _ findings: (_ user: String) async throws -> [String: Finding]) async throws -> Void
    ) async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                let queue = Self.queue(client)
                for command in try ShippedUsers.commands() { _ = try await client.send(command) }
                try await queue.register()
                _ = try await queue.announce([], stopped: [])
                _ = try await client.send(RedisCommand("XADD", .string(queue.keys.dead), "*", "job_id", "a"))
                try await body(queue) { user in
                    let configuration = try RedisConfiguration(url: "redis://\(user):pw@127.0.0.1:\(redis.port)")
                    let found = try await RedisClient.withClient(configuration, logger: .silent) {
                        try await RedisExamination(queue: Self.queue($0)).facts().findings
                    }
                    return Dictionary(found.map { ($0.check, $0) }) { first, _ in first }
                }
            }
        }
    }

    private static func queue(_ client: RedisClient, _ namespace: String = "rtm") -> JobQueue {
        JobQueue(
            redis: client,
            keys: Keyspace(namespace: namespace),
            worker: WorkerIdentity(id: "w1", node: "n1", nonce: "w1"),
            options: JobQueueOptions()
        )
    }

    @Test("workers and dead letters are true for every user who may read", arguments: ["worker", "operator", "viewer"])
    func readers(user: String) async throws {
        try await withUsers { _, findings in
            let found = try await findings(user)
            #expect(found["workers"] == .ok("workers", "1 on 1 node"), "\(found)")
            #expect(found["dead letters"]?.level == .warning)
            #expect(found["redis permissions"]?.level == (user == "worker" ? .ok : .warning))
            #expect(found["redis permissions"]?.mend?.contains("ACL SETUSER") != true)
        }
    }

    @Test("a user who may not read learns that nothing was read, not that no worker lives")
    func others() async throws {
        try await withUsers { _, findings in
            let found = try await findings("producer")
            #expect(found["workers"]?.level == .warning)
            #expect(
                found["workers"]?.text.hasPrefix("cannot tell workers, queues and dead letters: Redis refuses") == true
            )
            #expect(found["clock"]?.text.hasPrefix("cannot tell") == true)
            #expect(found["redis permissions"]?.level == .failure)
        }
    }

    @Test("a worker's user that lacks a command of a worker is a failure, with the command that gives it")
    func lacking() async throws {
        try await withUsers { queue, findings in
            _ = try await queue.client.send(RedisCommand("ACL", "SETUSER", "worker", "-hset", "-blmove"))
            let permissions = try await findings("worker")["redis permissions"]
            #expect(permissions?.level == .failure && permissions?.text == "not allowed: BLMOVE HSET")
            #expect(permissions?.mend?.hasPrefix("ACL SETUSER worker +blmove +hset ~{rtm}:*") == true)
        }
    }

    @Test(
        "a namespace whose keys the user may not use is the problem, not the commands",
        arguments: ["worker", "viewer"]
    )
    func wrongNamespace(user: String) async throws {
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: .silent) { client in
                for command in try ShippedUsers.commands() { _ = try await client.send(command) }
            }
            let configuration = try RedisConfiguration(url: "redis://\(user):pw@127.0.0.1:\(redis.port)")
            let found = try await RedisClient.withClient(configuration, logger: .silent) {
                try await RedisExamination(queue: Self.queue($0, "prod2")).facts().findings
            }
            let permissions = found.first { $0.check == "redis permissions" }
            #expect(permissions?.text == "user \(user) may not use the keys {prod2}:*; is RTM_NAMESPACE right?")
            #expect(permissions?.level == .failure)
            #expect(found.first { $0.check == "workers" }?.text.hasSuffix("this user may not use the keys") == true)
        }
    }

    @Test("the commands that only read are those of the shipped viewer")
    func reading() throws {
        let rules = try #require(try ShippedUsers.rules()["viewer"])
        let given = Set(rules.filter { $0.hasPrefix("+") }.map { $0.dropFirst().uppercased() })
        let tried = Set(RedisPermissions.trials("").map(\.name))
        #expect(given.intersection(tried).subtracting(["FCALL"]) == RedisPermissions.readers)
    }
}

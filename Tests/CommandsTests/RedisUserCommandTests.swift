import Logging
import Redis
import Support
import Testing

@Suite("Commands with the shipped users of Redis", .timeLimit(.minutes(2)))
struct RedisUserCommandTests {
    /// Calls `body` with the URL of each user, for a Redis with data in the namespace `rtm`.
    private func withUsers(_ body: (_ url: (_ user: String) -> String) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await PrivateRedis.with { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.url), logger: logger) { client in
                for command in try ShippedUsers.commands() { _ = try await client.send(command) }
                _ = try await client.send(RedisCommand("HSET", "{rtm}:meta", "window", "0"))
            }
            try await body { "redis://\($0):pw@127.0.0.1:\(redis.port)" }
        }
    }

    @Test(
        "name the user and the keys of a wrong namespace, and the namespaces of this Redis",
        arguments: [("viewer", "status"), ("operator", "node list"), ("operator", "stop g"), ("viewer", "history g")]
    )
    func wrongNamespace(user: String, command: String) async throws {
        try await withUsers { url in
            let words = command.split(separator: " ").map(String.init)
            let done = try await call(words, environment: ["RTM_REDIS_URL": url(user), "RTM_NAMESPACE": "prod2"])
            let sentence = "Redis' user \(user) may not use the keys {prod2}:*; is RTM_NAMESPACE right?"
            #expect(done.code == 1 && done.output == "", "\(done)")
            #expect(done.errors.contains(sentence + " On this Redis: rtm."), "\(done)")
        }
    }

    @Test("name the user and the settings of a wrong password, and do not ask whether Redis runs")
    func wrongPassword() async throws {
        try await withUsers { url in
            for (user, password) in [("viewer:pw@", "viewer:wrong@"), ("viewer:pw@", "nobody:pw@")] {
                let environment = ["RTM_REDIS_URL": url("viewer").replacing(user, with: password)]
                let status = try await call(["status"], environment: environment)
                #expect(status.code == 3 && status.errors.contains("WRONGPASS"), "\(status)")
                #expect(status.errors.contains("the password there or in RTM_REDIS_PASSWORD_FILE"), "\(status)")
                #expect(!status.errors.contains("is Redis running"), "\(status)")
                let doctor = try await call(["doctor"], environment: environment)
                #expect(
                    doctor.code == 3 && doctor.output.contains("mend: correct the user in RTM_REDIS_URL"),
                    "\(doctor)"
                )
            }
        }
    }

    @Test("say nothing of the namespace to a producer, who may not list namespaces, and to a viewer, who may not write")
    func others() async throws {
        try await withUsers { url in
            let environment = ["RTM_REDIS_URL": url("producer"), "RTM_NAMESPACE": "prod2"]
            let producer = try await call(["stop", "g"], environment: environment)
            #expect(
                producer.code == 1 && producer.errors.contains("{prod2}:*; is RTM_NAMESPACE right?\n"),
                "\(producer)"
            )
            let viewer = try await call(["queue", "pause", "default"], environment: ["RTM_REDIS_URL": url("viewer")])
            #expect(viewer.code == 1 && !viewer.errors.contains("RTM_NAMESPACE"), "\(viewer)")
        }
    }
}

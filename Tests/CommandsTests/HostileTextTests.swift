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

import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Redis

/// Reads the facts about Redis for the doctor. Writes only a few keys of the doctor's own, and deletes them.
package struct RedisExamination: Sendable {
    package let queue: JobQueue

    package init(queue: JobQueue) {
        self.queue = queue
    }

    private var client: RedisClient { queue.client }

    package func facts() async throws -> RedisFacts {
        var facts = await toldFacts()
        facts.latency = try await latency()
        facts.refused = try await refusedCommands()
        facts.clockOffset = try await clockOffset()
        if facts.refused.isEmpty {
            facts.overview = try await queue.overview(limit: 1_000) { _ in nil }
            facts.groups = try await queue.streamGroups()
        }
        return facts
    }

    /// Returns the facts for a page with a read every few seconds: without latency, without trial commands, without
    /// writes.
    package func cheapFacts(_ overview: FleetOverview) async throws -> RedisFacts {
        var facts = await toldFacts()
        facts.clockOffset = try await clockOffset()
        facts.overview = overview
        facts.groups = try await queue.streamGroups()
        return facts
    }

    /// Returns Redis' description of itself, as far as this user may read the description.
    private func toldFacts() async -> RedisFacts {
        var facts = RedisFacts()
        for section in ["server", "memory", "persistence", "replication"] {
            let text = try? await client.send(RedisCommand("INFO", .string(section))).string
            facts.info.merge(RedisFacts.fields(ofInfo: text ?? "")) { $1 }
        }
        facts.info["_user"] = try? await client.send(RedisCommand("ACL", "WHOAMI")).string
        for name in ["maxmemory-policy", "appendfsync", "aof-load-truncated", "save"] {
            guard let pair = try? await client.send(RedisCommand("CONFIG", "GET", .string(name))).array,
                pair.count == 2
            else { continue }
            facts.config[name] = pair[1].string ?? ""
        }
        return facts
    }

    private func latency() async throws -> Int64 {
        let clock = ContinuousClock()
        var times: [Int64] = []
        for _ in 0..<9 {
            let begin = clock.now
            _ = try await client.send(RedisCommand("PING"))
            times.append(Int64(begin.duration(to: clock.now) / .microseconds(1)))
        }
        return times.sorted()[4]
    }

    private func clockOffset() async throws -> Int64 {
        let before = SystemClock.now().millisecondsSinceEpoch
        let time = try await queue.redisTime()
        let after = SystemClock.now().millisecondsSinceEpoch
        return time - (before + after) / 2
    }

    /// Tries the commands of a worker on keys of the doctor's own. Returns the names of refused commands.
    private func refusedCommands() async throws -> [String] {
        let tries = Self.trials(queue.keys.prefix + "doctor:\(UInt64.random(in: .min ... .max))")
        let answers = try await client.pipeline(tries)
        return zip(tries, answers).compactMap { command, answer in
            guard case .error(let error) = answer, error.code == "NOPERM" else { return nil }
            return command.name == "FUNCTION" ? "FUNCTION|LOAD" : command.name
        }
    }

    /// Returns a call of each command that a worker or a function uses. The last call deletes the keys of all calls. A
    /// test compares the commands with the sources.
    ///
    /// - Parameter base: The beginning of the keys' names.
    static func trials(_ base: String) -> [RedisCommand] {
        let (list, hash, zset, set) = (key(base, ":l"), key(base, ":h"), key(base, ":z"), key(base, ":s"))
        let (stream, text, other) = (key(base, ":x"), key(base, ":t"), key(base, ":o"))
        return [
            RedisCommand("LPUSH", list, "1"), RedisCommand("RPUSH", list, "2"), RedisCommand("LRANGE", list, 0, -1),
            RedisCommand("LLEN", list), RedisCommand("LINDEX", list, 0), RedisCommand("LPOS", list, "1"),
            RedisCommand("LPOP", list), RedisCommand("RPOP", list),
            RedisCommand("BLMOVE", list, list, "RIGHT", "RIGHT", 1), RedisCommand("BLPOP", list, 1),
        ] + hashTrials(hash) + sortedSetTrials(zset) + [
            RedisCommand("SADD", set, "a"), RedisCommand("SMEMBERS", set), RedisCommand("SSCAN", set, 0),
            RedisCommand("SCARD", set), RedisCommand("SISMEMBER", set, "a"), RedisCommand("SRANDMEMBER", set, 1),
            RedisCommand("SINTER", set, set), RedisCommand("SREM", set, "b"), RedisCommand("SPOP", set),
        ] + streamTrials(stream) + [
            RedisCommand("SET", text, "1"), RedisCommand("GET", text),
            RedisCommand("GETEX", text, "PX", 1_000), RedisCommand("PEXPIRE", text, 1_000), RedisCommand("PTTL", text),
            RedisCommand("PERSIST", text),
            RedisCommand("EXISTS", text), RedisCommand("TYPE", text), RedisCommand("RENAME", text, other),
            RedisCommand("UNLINK", other), RedisCommand("SCAN", 0, "COUNT", 1), RedisCommand("TIME"),
            // Neither changes anything: the library has no function, and nobody has loaded a function of this name.
            RedisCommand("FUNCTION", "LOAD", "#!lua name=rtmanager_doctor\n"),
            RedisCommand("FCALL", "rtmanager_doctor", 1, text),
            RedisCommand("DEL", list, hash, zset, set, stream, text, other),
        ]
    }

    private static func key(_ base: String, _ kind: String) -> RedisArgument { .string(base + kind) }

    private static func hashTrials(_ hash: RedisArgument) -> [RedisCommand] {
        [
            RedisCommand("HSET", hash, "a", "1"), RedisCommand("HSETNX", hash, "b", "1"),
            RedisCommand("HINCRBY", hash, "b", 1), RedisCommand("HGET", hash, "a"), RedisCommand("HMGET", hash, "a"),
            RedisCommand("HGETALL", hash), RedisCommand("HSCAN", hash, 0), RedisCommand("HEXISTS", hash, "a"),
            RedisCommand("HLEN", hash), RedisCommand("HVALS", hash), RedisCommand("HKEYS", hash),
            RedisCommand("HDEL", hash, "a"),
        ]
    }

    private static func sortedSetTrials(_ zset: RedisArgument) -> [RedisCommand] {
        [
            RedisCommand("ZADD", zset, 1, "a"), RedisCommand("ZRANGE", zset, 0, 0), RedisCommand("ZSCORE", zset, "a"),
            RedisCommand("ZMSCORE", zset, "a"), RedisCommand("ZCARD", zset),
            RedisCommand("ZREMRANGEBYSCORE", zset, 5, 6),
            RedisCommand("ZRANGEBYSCORE", zset, 0, 1), RedisCommand("ZREM", zset, "b"),
            RedisCommand("ZREMRANGEBYRANK", zset, 1, -1), RedisCommand("ZCOUNT", zset, 0, 1),
        ]
    }

    private static func streamTrials(_ stream: RedisArgument) -> [RedisCommand] {
        [
            RedisCommand("XADD", stream, "*", "a", "1"), RedisCommand("XRANGE", stream, "-", "+"),
            RedisCommand("XREVRANGE", stream, "+", "-"), RedisCommand("XREAD", "COUNT", 1, "STREAMS", stream, "0"),
            RedisCommand("XLEN", stream), RedisCommand("XINFO", "STREAM", stream),
            // Without the group, an allowed call gets another error than a refused call.
            RedisCommand("XPENDING", stream, "g"), RedisCommand("XTRIM", stream, "MAXLEN", 0),
            RedisCommand("XDEL", stream, "0-1"),
        ]
    }
}

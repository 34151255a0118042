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
        let key = RedisArgument.string(queue.keys.prefix + "doctor:\(UInt64.random(in: .min ... .max))")
        let name = { (kind: RedisArgument) -> RedisArgument in
            guard case .string(let base) = key, case .string(let suffix) = kind else { return key }
            return .string(base + suffix)
        }
        let (list, hash, zset, set) = (name(":l"), name(":h"), name(":z"), name(":s"))
        let stream = name(":x")
        let tries = [
            RedisCommand("LPUSH", list, "1"), RedisCommand("RPUSH", list, "2"), RedisCommand("LRANGE", list, 0, -1),
            RedisCommand("LLEN", list), RedisCommand("LINDEX", list, 0), RedisCommand("LPOS", list, "1"),
            RedisCommand("LPOP", list), RedisCommand("BLMOVE", list, list, "RIGHT", "RIGHT", 1),
            RedisCommand("BLPOP", list, 1),
            RedisCommand("HSET", hash, "a", "1"), RedisCommand("HGET", hash, "a"), RedisCommand("HMGET", hash, "a"),
            RedisCommand("HGETALL", hash), RedisCommand("HSCAN", hash, 0), RedisCommand("HDEL", hash, "a"),
            RedisCommand("ZADD", zset, 1, "a"), RedisCommand("ZRANGE", zset, 0, 0), RedisCommand("ZSCORE", zset, "a"),
            RedisCommand("ZREM", zset, "a"), RedisCommand("SADD", set, "a"), RedisCommand("SMEMBERS", set),
            RedisCommand("SSCAN", set, 0), RedisCommand("SREM", set, "a"), RedisCommand("XADD", stream, "*", "a", "1"),
            RedisCommand("XRANGE", stream, "-", "+"), RedisCommand("XREVRANGE", stream, "+", "-"),
            RedisCommand("XREAD", "COUNT", 1, "STREAMS", stream, "0"), RedisCommand("XLEN", stream),
            RedisCommand("XINFO", "STREAM", stream), RedisCommand("EVAL", "return 1", 1, key),
            RedisCommand("EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", 1, key), RedisCommand("TIME"),
            RedisCommand("PEXPIRE", set, 1_000), RedisCommand("PTTL", set),
            RedisCommand("GETEX", name(":t"), "PX", 1_000),
            RedisCommand("EXISTS", set),
            RedisCommand("DEL", list, hash, zset, set, stream),
        ]
        let answers = try await client.pipeline(tries)
        return zip(tries, answers).compactMap { command, answer in
            guard case .error(let error) = answer, error.code == "NOPERM" else { return nil }
            return command.name
        }
    }
}

import JobContract
import JobQueue
import QueueAdmin
import Redis

/// The permissions of a worker's Redis user.
package enum RedisPermissions {
    /// Tries the commands of a worker on keys of its own. Returns the names of the refused commands, as in an ACL.
    package static func refused(to client: RedisClient, _ keys: Keyspace) async throws -> [String] {
        let tries = trials(keys.prefix + "doctor:\(UInt64.random(in: .min ... .max))")
        let answers = try await client.pipeline(tries)
        return zip(tries, answers).compactMap { command, answer in
            guard case .error(let error) = answer, error.code == "NOPERM" else { return nil }
            return command.name == "FUNCTION" ? "FUNCTION|LOAD" : command.name
        }
    }

    /// The commands that only read. The command line shows the state of the fleet with these commands alone.
    static let readers: Set = [
        "EXISTS", "GET", "HEXISTS", "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HSCAN", "HVALS", "LINDEX", "LLEN",
        "LPOS", "LRANGE", "PTTL", "SCAN", "SCARD", "SINTER", "SISMEMBER", "SMEMBERS", "SRANDMEMBER", "SSCAN", "TIME",
        "TYPE", "XINFO", "XLEN", "XPENDING", "XRANGE", "XREAD", "XREVRANGE", "ZCARD", "ZCOUNT", "ZMSCORE", "ZRANGE",
        "ZRANGEBYSCORE", "ZSCORE",
    ]

    /// The commands that only a worker's process sends, so the command line works without them.
    private static let ofWorkersOnly: Set = ["BLMOVE", "BLPOP"]

    /// The use of a Redis user without the permissions of a worker.
    enum Ability: Sendable, Equatable {
        /// The user suffices for all commands of the command line.
        case commandLine
        /// The user may read everything, and write nothing.
        case reading
    }

    /// Returns what a user without these commands can still do; nil: the user lacks a part of a worker's work, or may
    /// not read everything.
    static func ability(without refused: [String]) -> Ability? {
        let refused = Set(refused)
        if refused.isSubset(of: ofWorkersOnly) { return .commandLine }
        guard refused.isDisjoint(with: readers) else { return nil }
        // A viewer may call functions on some keys only.
        let writers = trials("").map { $0.name == "FUNCTION" ? "FUNCTION|LOAD" : $0.name }
            .filter { !readers.contains($0) && $0 != "FCALL" }
        return refused.isSuperset(of: writers) ? .reading : nil
    }

    /// Returns whether a user may use at least one of the namespace's keys.
    package static func mayUseKeys(_ client: RedisClient, _ keys: Keyspace) async throws -> Bool {
        let nobody = WorkerIdentity(id: "", node: "", nonce: "")
        let queue = JobQueue(redis: client, keys: keys, worker: nobody, options: JobQueueOptions())
        return try await queue.namespaceState() != .forbidden
    }

    /// The keys of a worker, as in an ACL.
    package static func keyPattern(_ keys: Keyspace) -> String { "~\(keys.prefix)*" }

    /// Returns the sentence about a user who may use no key of the namespace.
    package static func forbidden(user: String, _ keys: Keyspace) -> String {
        "Redis' user \(user) may not use the keys \(keys.prefix)*"
    }

    /// Returns the command of an administrator that gives the permissions.
    package static func mend(_ refused: [String], user: String?, keyPattern: String) -> String {
        let commands = refused.map { "+\($0.lowercased())" }.joined(separator: " ")
        return "ACL SETUSER \(user ?? "NAME") \(commands) \(keyPattern); deploy/redis/users.acl has a whole user"
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
            // The list has elements, so neither of the two blocks.
            RedisCommand("BLMOVE", list, list, "RIGHT", "RIGHT", 1), RedisCommand("BLPOP", list, 1),
            RedisCommand("LPOP", list), RedisCommand("RPOP", list),
        ] + hashTrials(hash) + sortedSetTrials(zset) + [
            RedisCommand("SADD", set, "a"), RedisCommand("SMEMBERS", set), RedisCommand("SSCAN", set, 0),
            RedisCommand("SCARD", set), RedisCommand("SISMEMBER", set, "a"), RedisCommand("SRANDMEMBER", set, 1),
            RedisCommand("SINTER", set, set), RedisCommand("SREM", set, "b"), RedisCommand("SPOP", set),
        ] + streamTrials(stream) + [
            RedisCommand("SET", text, "1"), RedisCommand("GET", text),
            RedisCommand("GETEX", text, "PX", 1_000), RedisCommand("PEXPIRE", text, 1_000), RedisCommand("PTTL", text),
            RedisCommand("PERSIST", text),
            RedisCommand("EXISTS", text), RedisCommand("TYPE", text), RedisCommand("RENAME", text, other),
            RedisCommand("SCAN", 0, "COUNT", 1), RedisCommand("TIME"),
            // Neither changes anything: the library has no function, and nobody has loaded a function of this name.
            RedisCommand("FUNCTION", "LOAD", "#!lua name=rtmanager_doctor\n"),
            RedisCommand("FCALL", "rtmanager_doctor", 1, text),
            // If one of the two is refused, the other still leaves no key.
            RedisCommand("DEL", list, hash, zset, set, stream, text, other),
            RedisCommand("UNLINK", list, hash, zset, set, stream, text, other),
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

import JobContract
import Redis

/// The moves of a bench on its private Redis.
struct BenchRedis: Sendable {
    static let namespace = "bench"
    private static let chunk = 500

    let client: RedisClient
    let keys = Keyspace(namespace: Self.namespace)

    func empty() async throws { _ = try await client.send(RedisCommand("FLUSHALL")) }

    /// Pushes `count` jobs of as many games.
    func push(_ count: Int, kind: JobKind, prefix: String = "job") async throws {
        let image = kind == .start ? #","image":"galaxy/engine:1.4.2""# : ""
        for start in stride(from: 0, to: count, by: Self.chunk) {
            let messages = (start..<min(start + Self.chunk, count)).map { number in
                RedisArgument.string(
                    #"{"v":1,"id":"\#(prefix)-\#(number)","kind":"\#(kind.rawValue)","game_id":"game-\#(prefix)-\#(number)""#
                        + image + #","enqueued_at":"2026-01-01T00:00:00.000Z"}"#
                )
            }
            _ = try await client.send(
                RedisCommand("LPUSH", arguments: [.string(keys.queue("default"))] + messages),
                timeout: .seconds(30)
            )
        }
    }

    func results() async throws -> Int {
        Int(try await client.send(RedisCommand("XLEN", .string(keys.results))).integer ?? 0)
    }

    /// CPU time that Redis has used, in s.
    func cpu() async throws -> Double {
        try await number("cpu", "used_cpu_user") + number("cpu", "used_cpu_sys")
    }

    func commands() async throws -> Double { try await number("stats", "total_commands_processed") }

    private func number(_ section: String, _ name: String) async throws -> Double {
        let text = try await client.send(RedisCommand("INFO", .string(section))).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) } ?? 0
    }

    /// The process of the one worker, by its name.
    func workerPID() async throws -> Int? {
        let names = try await client.send(RedisCommand("HKEYS", .string(keys.prefix + "worker_nodes"))).array ?? []
        return names.first?.string?.split(separator: "-").dropLast().last.flatMap { Int($0) }
    }

    // MARK: The floor

    private static let floorScript = RedisScript(
        name: "floor",
        source: """
            redis.call('LREM', KEYS[1], -1, ARGV[1])
            redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'id', ARGV[2], 'outcome', 'succeeded')
            return redis.call('SET', KEYS[3] .. ARGV[2], '1', 'EX', 86400)
            """
    )

    /// The cheapest reliable worker that there can be: each message is moved to a list of its own, and ended by one
    /// script that takes it off, publishes a result and keeps its id. One connection, 16 jobs at a time.
    func floor(_ count: Int) async throws -> DrainFigures {
        try await push(count, kind: .stop)
        let (queue, taken) = (RedisArgument.string(keys.queue("default")), keys.prefix + "taken")
        _ = try await client.evaluate(
            Self.floorScript,
            keys: [taken, keys.results, keys.prefix + "id:"],
            arguments: ["none", "none"]
        )
        let cpuBefore = try await cpu()
        let begin = ContinuousClock.now
        var done = 0
        while done < count {
            let moves = Array(repeating: RedisCommand("LMOVE", queue, .string(taken), "RIGHT", "LEFT"), count: 16)
            let messages = try await client.pipeline(moves).compactMap(\.bytes)
            if messages.isEmpty { break }
            let ends = messages.enumerated().map { index, message in
                Self.floorScript.command(
                    keys: [taken, keys.results, keys.prefix + "id:"],
                    arguments: [.bytes(message), .string("job-\(done + index)")]
                )
            }
            _ = try await client.pipeline(ends)
            done += messages.count
        }
        return DrainFigures(
            jobsPerSecond: Double(done) / begin.duration(to: .now).inSeconds,
            redisMicros: (try await cpu() - cpuBefore) * 1_000_000 / Double(max(done, 1))
        )
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

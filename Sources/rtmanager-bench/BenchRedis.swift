import JobContract
import Redis

/// The commands of a bench to its private Redis.
struct BenchRedis: Sendable {
    private static let chunk = 500

    let client: RedisClient
    let keys: Keyspace

    init(client: RedisClient, namespace: String) {
        self.client = client
        keys = Keyspace(namespace: namespace)
    }

    var queue: RedisArgument { .string(keys.queue("default")) }

    func empty() async throws { _ = try await client.send(RedisCommand("FLUSHALL"), timeout: .seconds(60)) }

    /// Pushes a job for each number. Each job has its own game.
    func push(_ numbers: Range<Int>, kind: BenchKind = .stop, prefix: String = "job") async throws {
        let image = kind == .start ? #","image":"galaxy/engine:1.4.2""# : ""
        for start in stride(from: numbers.lowerBound, to: numbers.upperBound, by: Self.chunk) {
            let messages = (start..<min(start + Self.chunk, numbers.upperBound)).map { number in
                RedisArgument.string(
                    #"{"v":1,"id":"\#(prefix)-\#(number)","kind":"\#(kind.rawValue)","game_id":"game-\#(prefix)-\#(number)""#
                        + image + #","enqueued_at":"2026-01-01T00:00:00.000Z"}"#
                )
            }
            _ = try await client.send(
                RedisCommand("LPUSH", arguments: [queue] + messages),
                timeout: .seconds(30)
            )
        }
    }

    /// Pauses the queue, or lets it go on. Workers notice the latter within a second.
    func pause(_ isPaused: Bool) async throws {
        let key = RedisArgument.string(keys.prefix + "paused")
        _ = try await client.send(RedisCommand(isPaused ? "SADD" : "SREM", key, "default"))
    }

    /// Pushes a stop of each game.
    func stop(_ games: [String]) async throws {
        for start in stride(from: 0, to: games.count, by: Self.chunk) {
            let messages = games[start..<min(start + Self.chunk, games.count)].map { game in
                RedisArgument.string(#"{"v":1,"id":"stop-\#(game)","kind":"stop","game_id":"\#(game)"}"#)
            }
            _ = try await client.send(RedisCommand("LPUSH", arguments: [queue] + messages), timeout: .seconds(30))
        }
    }

    func results() async throws -> Int { Int(try await integer(RedisCommand("XLEN", .string(keys.results)))) }

    /// Returns the number of messages no worker has taken.
    func queued() async throws -> Int { Int(try await integer(RedisCommand("LLEN", queue))) }

    private func integer(_ command: RedisCommand) async throws -> Int64 {
        try await client.send(command, timeout: .seconds(10)).integer ?? 0
    }

    /// Returns the id of the last entry in a stream; `0-0` if the stream is empty.
    func lastID(of stream: String) async throws -> String {
        let last = try await client.send(RedisCommand("XREVRANGE", .string(stream), "+", "-", "COUNT", 1))
        return last.array?.first?.array?.first?.string ?? "0-0"
    }

    /// Returns the CPU time used by Redis, in seconds.
    func cpu() async throws -> Double {
        try await number("cpu", "used_cpu_user") + number("cpu", "used_cpu_sys")
    }

    /// Returns the number of commands so far, including the commands of scripts.
    func commands() async throws -> Double { try await number("stats", "total_commands_processed") }

    private func number(_ section: String, _ name: String) async throws -> Double {
        let text = try await client.send(RedisCommand("INFO", .string(section))).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) } ?? 0
    }

    /// Returns the process ids of the workers, taken from their names.
    func workerPIDs() async throws -> [Int] {
        let names = try await client.send(RedisCommand("HKEYS", .string(keys.prefix + "worker_nodes"))).array ?? []
        return names.compactMap { $0.string.flatMap(Self.pid(ofWorker:)) }
    }

    /// Returns the process id of the only worker.
    func workerPID() async throws -> Int? { try await workerPIDs().first }

    /// Returns the process id in a worker's name.
    static func pid(ofWorker name: String) -> Int? { name.split(separator: "-").dropLast().last.flatMap { Int($0) } }
}

/// The number of calls to Redis.
struct CommandCounts: Sendable, Equatable {
    /// The number of commands, including the commands of scripts but without the bench's own commands.
    var all = 0.0
    /// The number of script calls.
    var scripts = 0.0
    /// The number of waits at a queue (`BLMOVE`). A wait counts when it begins.
    var waits = 0.0

    /// Parses the counts.
    ///
    /// - Parameter statistics: The reply to `INFO commandstats`.
    init(statistics: String) {
        for line in statistics.split(whereSeparator: \.isNewline) where line.hasPrefix("cmdstat_") {
            let parts = line.dropFirst("cmdstat_".count).split(separator: ":", maxSplits: 1)
            guard parts.count == 2, !["info", "xlen", "llen", "lpush"].contains(parts[0]) else { continue }
            let calls = parts[1].split(separator: ",").first.flatMap { Double($0.dropFirst("calls=".count)) } ?? 0
            all += calls
            if parts[0].hasPrefix("eval") || parts[0].hasPrefix("fcall") { scripts += calls }
            if parts[0] == "blmove" { waits += calls }
        }
    }

    /// Returns the counts per job, for `count` jobs since `earlier`.
    func perJob(since earlier: CommandCounts, _ count: Double) -> CommandCounts {
        var counts = self
        counts.all = (all - earlier.all) / count
        counts.scripts = (scripts - earlier.scripts) / count
        counts.waits = (waits - earlier.waits) / count
        return counts
    }
}

extension BenchRedis {
    func counts() async throws -> CommandCounts {
        CommandCounts(statistics: try await client.send(RedisCommand("INFO", "commandstats")).string ?? "")
    }
}

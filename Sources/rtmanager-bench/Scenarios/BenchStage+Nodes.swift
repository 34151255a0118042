import Commands
import JobContract
import Primitives
import Redis

/// Many nodes on one Redis: each worker of a node has an in-memory Docker Engine of its own.
extension BenchStage {
    /// The number of nodes in a process.
    private static let nodesOfProcess = 50
    /// The duration of a start on these Docker Engines.
    private static let startTime = Duration.milliseconds(250)
    private static let concurrency = 4
    private static let grace = 30

    /// Measures a fleet: idle, lone jobs, a burst of starts, an emptied Redis, and the loss of half of the nodes.
    func nodes() async throws -> [BenchFigure] {
        let count = options.nodes ?? options.full(100, quick: 6)
        let half = max(1, count / 2)
        let bare = try await bareLoneCost()
        let alone = try await withNodes(0..<1) { try await measureAlone() }
        try await redis.empty()
        return try await withNodes(0..<half) {
            let staying = try await withNodes(half..<count) { try await measureNodes(count, alone, bare) }
            // A loss takes longer than the grace.
            return staying + (options.isQuick ? [] : try await measureLoss(of: half..<count))
        }
    }

    private typealias Lone = (stops: LoneJobs, starts: LoneJobs)

    /// Measures lone jobs of a worker that has Redis for itself.
    private func measureAlone() async throws -> Lone {
        try await awaitFleet(1)
        return try await loneJobs("alone")
    }

    private func measureNodes(_ count: Int, _ alone: Lone, _ bare: Double) async throws -> [BenchFigure] {
        try await awaitFleet(count)
        let idle = try await idleFigures(count)
        let lone = try await loneJobs("lone")
        return try await idle + lone.stops.figures("\(count) idle nodes: a lone stop", alone: alone.stops)
            + lone.starts.figures("\(count) idle nodes: a lone start", alone: alone.starts)
            + burstFigures(count, bare) + returnFigures(count)
    }

    private func awaitFleet(_ count: Int) async throws {
        try await awaitNodes(count)
        // Stops in a new namespace wait for nodes that may still come.
        try await Task.sleep(for: .seconds(5))
    }

    private func idleFigures(_ count: Int) async throws -> [BenchFigure] {
        let begin = ContinuousClock.now
        let (cpu, commands) = (try await redis.cpu(), try await redis.commands())
        // The measurement is of this time itself: what the nodes cost while nothing happens.
        try await Task.sleep(for: options.full(.seconds(20), quick: .seconds(2)))
        let seconds = begin.duration(to: .now).inSeconds
        let share = (try await redis.cpu() - cpu) * 100 / seconds
        let rate = (try await redis.commands() - commands) / seconds / Double(count)
        return [
            BenchFigure("\(count) idle nodes: CPU of Redis", share, "%"),
            BenchFigure("\(count) idle nodes: commands of a worker, those of functions too", rate, "1/s"),
        ]
    }

    // MARK: A burst of starts

    /// - Parameter bare: The CPU time of Redis for a lone job of the baseline, in milliseconds.
    private func burstFigures(_ count: Int, _ bare: Double) async throws -> [BenchFigure] {
        let starts = options.jobs ?? 20 * count
        let before = try await redis.results()
        let (cpu, counts, begin) = (try await redis.cpu(), try await redis.counts(), ContinuousClock.now)
        try await redis.push(0..<starts, kind: .start, prefix: "burst")
        try await awaitReadiness("the results of all starts", within: .seconds(300), log: workerLog) {
            (try? await redis.results()) == before + starts
        }
        let seconds = begin.duration(to: .now).inSeconds
        let commands = try await redis.counts().perJob(since: counts, Double(starts)).all
        let cpuOfJob = (try await redis.cpu() - cpu) * 1_000 / Double(starts)
        let rounds = (starts + count * Self.concurrency - 1) / (count * Self.concurrency)
        let games = try await gamesOfNodes()
        return [
            BenchFigure(
                "\(starts) starts at once: all have ended after",
                seconds,
                "s",
                baseline: Double(rounds) * Self.startTime.inSeconds
            ),
            BenchFigure("\(starts) starts at once: CPU of Redis a job", cpuOfJob, "ms", baseline: bare),
            BenchFigure("\(starts) starts at once: commands a job", commands, ""),
            BenchFigure("games of a node: least", games.min() ?? 0, ""),
            BenchFigure("games of a node: most", games.max() ?? 0, ""),
            BenchFigure("fairness (Jain)", Self.jain(games), ""),
        ]
    }

    /// Jain's index of fairness: 1 if all values are equal.
    static func jain(_ values: [Double]) -> Double {
        let squares = values.reduce(0) { $0 + $1 * $1 }
        guard squares > 0 else { return 0 }
        let sum = values.reduce(0, +)
        return sum * sum / (Double(values.count) * squares)
    }

    private func gamesOfNodes() async throws -> [Double] {
        let nodes = try await redis.client.send(RedisCommand("ZRANGE", .string(redis.keys.prefix + "nodes"), 0, -1))
        let names = (nodes.array ?? []).compactMap(\.string)
        var games: [Double] = []
        for name in names {
            let key = RedisArgument.string(redis.keys.reservations(NodeID(name)))
            games.append(Double(try await redis.client.send(RedisCommand("HLEN", key)).integer ?? 0))
        }
        return games
    }

    // MARK: Loss and return

    /// Empties Redis. All nodes announce their games again.
    private func returnFigures(_ count: Int) async throws -> [BenchFigure] {
        let begin = ContinuousClock.now
        try await redis.empty()
        try await awaitNodes(count)
        let announced = begin.duration(to: .now).inSeconds
        let before = try await redis.results()
        try await redis.push(0..<1, kind: .start, prefix: "after")
        try await awaitReadiness("a start after the loss of all data", log: workerLog) {
            (try? await redis.results()) == before + 1
        }
        return [
            BenchFigure("an emptied Redis: all nodes have announced their games after", announced, "s"),
            BenchFigure("an emptied Redis: a start has ended after", begin.duration(to: .now).inSeconds, "s"),
        ]
    }

    /// The workers of these nodes have just ended. Asks for a stop of each of their games.
    private func measureLoss(of nodes: Range<Int>) async throws -> [BenchFigure] {
        let begin = ContinuousClock.now
        let lost = RedisCommand("ZCARD", .string(redis.keys.prefix + "lost_nodes"))
        try await awaitReadiness("the loss of half of the nodes", within: .seconds(120), log: workerLog) {
            (try? await redis.client.send(lost).integer) == Int64(nodes.count)
        }
        let noticed = begin.duration(to: .now).inSeconds
        let games = try await owned(by: Set(nodes.map { Self.node($0) }))
        let before = try await redis.results()
        let pushed = ContinuousClock.now
        try await redis.stop(games)
        try await awaitReadiness("the results of all stops", within: .seconds(120), log: workerLog) {
            (try? await redis.results()) == before + games.count
        }
        return [
            BenchFigure("half of the nodes end: lost after (grace \(Self.grace) s)", noticed, "s"),
            BenchFigure(
                "stops of their \(games.count) games: all have ended after",
                pushed.duration(to: .now).inSeconds,
                "s"
            ),
        ]
    }

    private func owned(by nodes: Set<String>) async throws -> [String] {
        let key = RedisArgument.string(redis.keys.prefix + "owners")
        let pairs = (try await redis.client.send(RedisCommand("HGETALL", key)).array ?? []).map { $0.string ?? "" }
        return stride(from: 0, to: pairs.count - 1, by: 2).filter { nodes.contains(pairs[$0 + 1]) }.map { pairs[$0] }
    }

    // MARK: Workers

    static func node(_ number: Int) -> String { "bench-\(number)" }

    private func awaitNodes(_ count: Int) async throws {
        let nodes = RedisCommand("ZCARD", .string(redis.keys.prefix + "nodes"))
        try await awaitReadiness("all nodes", within: .seconds(120), log: workerLog) {
            (try? await redis.client.send(nodes).integer) == Int64(count)
        }
    }

    /// Runs `body` beside a worker for each of these nodes.
    private func withNodes<R: Sendable>(_ numbers: Range<Int>, _ body: () async throws -> R) async throws -> R {
        guard !numbers.isEmpty else { return try await body() }
        let end = min(numbers.lowerBound + Self.nodesOfProcess, numbers.upperBound)
        let arguments = [
            "--engine", "memory", "--start-milliseconds", "\(Int(Self.startTime.inMilliseconds))",
            "--first-node", "\(numbers.lowerBound)", "--nodes", "\(end - numbers.lowerBound)",
        ]
        let settings = ["RTM_CONCURRENCY": "\(Self.concurrency)", "RTM_NODE_GRACE_SECONDS": "\(Self.grace)"]
        return try await withWorker(settings, arguments) {
            try await withNodes(end..<numbers.upperBound, body)
        }
    }
}

import Commands
import JobContract
import Primitives
import Redis

extension BenchStage {
    /// Measures the cost of a lone job while more and more workers wait for jobs.
    func fleet() async throws -> [BenchFigure] {
        var figures: [BenchFigure] = []
        var alone: Double?
        for workers in options.full([1, 10, 50, 150], quick: [1, 10]) {
            try await redis.empty()
            let cost = try await withWorkers(workers) { try await lonePushes(workers) }
            let milliseconds = cost.cpu * 1_000
            let name = "with \(workers) waiting"
            figures += [
                BenchFigure("\(name): CPU of Redis a push", milliseconds, "ms", baseline: alone),
                BenchFigure("\(name): calls of scripts a push", cost.scripts, ""),
                BenchFigure("\(name): wake-ups a push", cost.wakeups, ""),
            ]
            alone = alone ?? milliseconds
        }
        return figures
    }

    private struct LoneCost {
        /// The CPU time of Redis a push, in seconds, without the time that the waiting workers need.
        var cpu: Double
        var scripts: Double
        var wakeups: Double
    }

    /// Runs `body` beside so many workers, each on a node of its own.
    private func withWorkers<R: Sendable>(_ count: Int, _ body: () async throws -> R) async throws -> R {
        guard count > 0 else { return try await body() }
        let names = ["RTM_WORKER_ID": "fleet-\(count)", "RTM_NODE_ID": "node-\(count)"]
        return try await withWorker(names) { try await withWorkers(count - 1, body) }
    }

    /// Pushes jobs, one each 100 ms, and each after the result of the one before.
    private func lonePushes(_ workers: Int) async throws -> LoneCost {
        try await awaitReadiness("all workers", within: .seconds(120), log: workerLog) {
            (try? await redis.waitingWorkers()) == workers
        }
        // Stops in a new namespace wait for nodes that may still come.
        try await Task.sleep(for: .seconds(5))
        let idle = try await idleCost(options.full(.seconds(10), quick: .seconds(2)))
        let jobs = options.full(50, quick: 10)
        let reader = reader()
        let (cpu, counts, begin) = (try await redis.cpu(), try await redis.waits(), ContinuousClock.now)
        for number in 0..<jobs {
            let next = begin.advanced(by: .milliseconds(100 * number))
            try await Task.sleep(until: next, clock: .continuous)
            _ = try await timed(reader, redis.keys.results) {
                try await redis.push(number..<number + 1, prefix: "lone-\(workers)")
            }
        }
        let time = begin.duration(to: .now).inSeconds
        let (after, pushes) = (try await redis.waits(), Double(jobs))
        await reader.close()
        return LoneCost(
            cpu: (try await redis.cpu() - cpu - idle.cpu * time) / pushes,
            scripts: (after.scripts - counts.scripts - idle.scripts * time) / pushes,
            wakeups: (after.waits - counts.waits) / pushes
        )
    }

    /// Returns what the waiting workers cost Redis a second.
    private func idleCost(_ time: Duration) async throws -> (cpu: Double, scripts: Double) {
        let (cpu, counts) = (try await redis.cpu(), try await redis.waits())
        try await Task.sleep(for: time)
        let seconds = time.inSeconds
        let after = try await redis.waits()
        return ((try await redis.cpu() - cpu) / seconds, (after.scripts - counts.scripts) / seconds)
    }
}

extension BenchRedis {
    /// Returns the number of workers that wait at a queue (Redis `CLIENT LIST`).
    fileprivate func waitingWorkers() async throws -> Int {
        let clients = try await client.send(RedisCommand("CLIENT", "LIST")).string ?? ""
        return clients.split(separator: "\n").count { $0.contains("name=rtmanager-wake") && $0.contains("flags=b") }
    }

    /// Returns the number of script calls and of waits at a queue so far. A wait counts when it begins.
    fileprivate func waits() async throws -> (scripts: Double, waits: Double) {
        let text = try await client.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_blmove:calls=") }
        let waits = line.flatMap { Double($0.split(separator: "=")[1].prefix { $0.isNumber }) } ?? 0
        return (CommandCounts(statistics: text).scripts, waits)
    }
}

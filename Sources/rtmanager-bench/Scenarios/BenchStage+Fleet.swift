import Commands
import JobContract
import Primitives
import Redis

extension BenchStage {
    /// Measures the cost of a lone job while more and more workers wait for jobs.
    func fleet() async throws -> [BenchFigure] {
        let bare = try await bareLoneCost()
        var figures = [BenchFigure("the bare loop: CPU of Redis a push", bare, "ms")]
        var alone: Double?
        for workers in options.full([1, 10, 50, 150], quick: [1, 10]) {
            try await redis.empty()
            let cost = try await withWorkers(workers) { try await lonePushes(workers) }
            let milliseconds = cost.cpu * 1_000
            let name = "with \(workers) waiting"
            figures += [
                BenchFigure("\(name): CPU of Redis a push", milliseconds, "ms", baseline: alone ?? bare),
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

    /// Runs `body` beside so many workers, all on one node.
    private func withWorkers<R: Sendable>(_ count: Int, _ body: () async throws -> R) async throws -> R {
        guard count > 0 else { return try await body() }
        return try await withWorker { try await withWorkers(count - 1, body) }
    }

    /// Pushes jobs, one each 100 ms, and each after the result of the one before.
    private func lonePushes(_ workers: Int) async throws -> LoneCost {
        try await awaitReadiness("all workers", within: .seconds(120), log: workerLog) {
            (try? await redis.waitingWorkers()) == workers
        }
        // Stops in a new namespace wait for nodes that may still come.
        try await Task.sleep(for: .seconds(5))
        let wait = options.full(Duration.seconds(10), quick: .seconds(2))
        let idle = try await load { try await Task.sleep(for: wait) }
        let jobs = options.full(50, quick: 10)
        let busy = try await lonePushes(jobs, to: redis.keys.results) { number in
            try await redis.push(number..<number + 1, prefix: "lone-\(workers)")
        }.load
        return LoneCost(
            cpu: busy.cpu(of: jobs, without: idle),
            scripts: busy.calls(of: jobs, without: idle, \.scripts),
            wakeups: busy.counts.waits / Double(jobs)
        )
    }
}

extension BenchRedis {
    /// Returns the number of workers that wait at a queue (Redis `CLIENT LIST`).
    fileprivate func waitingWorkers() async throws -> Int {
        let clients = try await client.send(RedisCommand("CLIENT", "LIST")).string ?? ""
        return clients.split(separator: "\n").count { $0.contains("name=rtmanager-wake") && $0.contains("flags=b") }
    }
}

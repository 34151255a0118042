import Commands
import JobContract
import Redis
import Terminal

extension BenchStage {
    /// Measures the time from push to result, one job at a time, while the worker reconciles all running games.
    ///
    /// In turn, the scenario measures the same without reconciliation.
    func reconcile() async throws -> [BenchFigure] {
        let games = options.full(10_000, quick: 500)
        let jobs = options.full(100, quick: 20)
        let arguments = ["--engine", "memory", "--foreign-containers", String(games)]
        return try await withWorker([:], arguments) {
            _ = try await settledWorker()
            let events = RedisCommand("XLEN", .string(redis.keys.events))
            try await awaitReadiness("all games to be told", within: .seconds(120), log: workerLog) {
                ((try? await redis.client.send(events))?.integer ?? 0) >= games
            }
            let worker = try await redis.client.send(
                RedisCommand("ZRANGE", .string(redis.keys.prefix + "workers"), 0, 0)
            )
            guard let worker = worker.array?.first?.string else { throw CommandError.failed("the worker has ended") }
            let bell = redis.keys.doorbell(worker)
            let reader = reader()
            var (quiet, compared): ([Double], [Double]) = ([], [])
            for round in 0..<(options.rounds ?? options.full(5, quick: 1)) {
                quiet += try await latencies(jobs, "quiet\(round)", reader)
                compared += try await whileComparing(bell) { try await latencies(jobs, "compared\(round)", reader) }
            }
            await reader.close()
            // Each game has begun once, and no game has ended.
            let told = Double(try await redis.client.send(events).integer ?? 0) - Double(games)
            return compared.figures("push to result while \(games) games are compared", "ms", baseline: quiet)
                + [BenchFigure("events told beyond one of each game", told, "")]
        }
    }

    /// Returns the times from push to result for jobs one by one, in milliseconds.
    private func latencies(_ jobs: Int, _ prefix: String, _ reader: RedisBlockingConnection) async throws -> [Double] {
        var times: [Double] = []
        for number in 0..<jobs {
            times.append(
                try await timed(reader, redis.keys.results) {
                    try await redis.push(number..<number + 1, prefix: prefix)
                }
            )
        }
        return times
    }

    /// Runs `body` while a reconciliation is requested every half second. A worker reconciles once a minute by itself.
    private func whileComparing<R: Sendable>(_ bell: String, _ body: () async throws -> R) async throws -> R {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    _ = try await redis.client.send(RedisCommand("RPUSH", .string(bell), "reconcile"))
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
            let result = try await body()
            group.cancelAll()
            while let outcome = await group.nextResult() { _ = outcome }
            return result
        }
    }
}

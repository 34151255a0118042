import JobContract
import Primitives
import Redis
import Terminal

extension BenchStage {
    /// Measures the time from a job's push to its result at a blocked reader, one job at a time.
    ///
    /// The worker and the baseline take turns.
    func latency() async throws -> [BenchFigure] {
        let jobs = options.full(300, quick: 40)
        let bare = reader()
        return try await withWorker {
            _ = try await settledWorker()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await redis.serveBaseline(bare) }
                let reader = reader()
                var (workers, baselines): ([Double], [Double]) = ([], [])
                // The first pairs warm caches.
                for number in -5..<jobs {
                    let times = try await pair(number, reader)
                    guard number >= 0 else { continue }
                    workers.append(times.worker)
                    baselines.append(times.baseline)
                }
                group.cancelAll()
                await reader.close()
                await bare.close()
                return workers.figures("push to result", "ms", baseline: baselines)
            }
        }
    }

    /// Times a job of the worker and a job of the baseline, in alternating order. Returns milliseconds.
    private func pair(_ number: Int, _ reader: RedisBlockingConnection) async throws -> (
        worker: Double, baseline: Double
    ) {
        func worker() async throws -> Double {
            try await timed(reader, redis.keys.results) { try await redis.push(number..<number + 1, prefix: "one") }
        }
        func baseline() async throws -> Double {
            try await timed(reader, redis.baselineResults) { try await redis.pushBare(number) }
        }
        guard number.isMultiple(of: 2) else {
            let first = try await baseline()
            return (try await worker(), first)
        }
        return (try await worker(), try await baseline())
    }

    /// Returns the time from `push` until a blocked reader sees the next entry of `stream`, in milliseconds.
    func timed(
        _ reader: RedisBlockingConnection,
        _ stream: String,
        within limit: Duration = .seconds(30),
        _ push: () async throws -> Void
    ) async throws -> Double {
        let command = RedisCommand(
            "XREAD",
            "BLOCK",
            .integer(Int64(limit.inMilliseconds)),
            "STREAMS",
            .string(stream),
            .string(try await redis.lastID(of: stream))
        )
        async let seen = reader.send(command, serverTimeout: limit)
        try await Task.sleep(for: .milliseconds(25))
        let begin = ContinuousClock.now
        try await push()
        guard !(try await seen.isNull) else {
            throw CommandError.failed("a job had no result within \(limit.shortText)")
        }
        return begin.duration(to: .now).inMilliseconds
    }
}

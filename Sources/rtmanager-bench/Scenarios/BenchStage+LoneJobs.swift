import Commands
import JobContract
import Primitives
import Redis

/// Lone jobs: each comes after the result of the one before, while all workers wait.
extension BenchStage {
    /// What lone jobs of a kind cost.
    struct LoneJobs: Sendable, Equatable {
        /// From push to result of each job, in milliseconds.
        var times: [Double]
        /// The CPU time of Redis a job in milliseconds, without the time that idle workers need.
        var cpu: Double
        /// The commands a job, those of functions too, without the commands of idle workers.
        var commands: Double

        /// Returns the figures, each beside the figure of one worker alone.
        func figures(_ name: String, alone: LoneJobs) -> [BenchFigure] {
            [(0.5, "p50"), (0.99, "p99")].map { part, title in
                BenchFigure(
                    "\(name): push to result, \(title)",
                    times.quantile(part),
                    "ms",
                    baseline: alone.times.quantile(part)
                )
            } + [
                BenchFigure("\(name): CPU of Redis a job", cpu, "ms", baseline: alone.cpu),
                BenchFigure("\(name): commands a job", commands, "", baseline: alone.commands),
            ]
        }
    }

    /// The time from one push to the next, unless the job takes longer.
    private static let loneInterval = Duration.milliseconds(100)

    /// Pushes lone stops, then lone starts, then stops of the started games.
    ///
    /// - Parameter prefix: The begin of the jobs' ids.
    func loneJobs(_ prefix: String) async throws -> (stops: LoneJobs, starts: LoneJobs) {
        // What idle workers cost in this time is taken off the figures.
        let idle = try await load { try await Task.sleep(for: options.full(.seconds(10), quick: .seconds(1))) }
        let stops = try await loneJobs(.stop, prefix, beside: idle)
        let starts = try await loneJobs(.start, prefix, beside: idle)
        let before = try await redis.results()
        let games = (0..<loneCount).map { "game-\(prefix)-start-\($0)" }
        try await redis.stop(games)
        try await awaitReadiness("the stops of the lone starts", within: .seconds(60), log: workerLog) {
            (try? await redis.results()) == before + games.count
        }
        return (stops, starts)
    }

    /// Returns the CPU time of Redis for a lone job of the baseline, in milliseconds.
    func bareLoneCost() async throws -> Double {
        let (server, reader) = (reader(), reader())
        let jobs = options.full(50, quick: 10)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await redis.serveBaseline(server) }
            let idle = try await load { try await Task.sleep(for: options.full(.seconds(5), quick: .seconds(1))) }
            let busy = try await load {
                let begin = ContinuousClock.now
                for number in 0..<jobs {
                    // The pace of the pushes.
                    try await Task.sleep(until: begin.advanced(by: Self.loneInterval * number), clock: .continuous)
                    _ = try await timed(reader, redis.baselineResults) { try await redis.pushBare(number) }
                }
            }
            group.cancelAll()
            await reader.close()
            await server.close()
            return (busy.cpu - idle.cpu * busy.seconds / idle.seconds) * 1_000 / Double(jobs)
        }
    }

    private var loneCount: Int { options.full(100, quick: 5) }

    private func loneJobs(_ kind: BenchKind, _ prefix: String, beside idle: Load) async throws -> LoneJobs {
        let reader = reader()
        var times: [Double] = []
        let busy = try await load {
            let begin = ContinuousClock.now
            for number in 0..<loneCount {
                // The pace of the pushes.
                try await Task.sleep(until: begin.advanced(by: Self.loneInterval * number), clock: .continuous)
                times.append(
                    try await timed(reader, redis.keys.results) {
                        try await redis.push(number..<number + 1, kind: kind, prefix: "\(prefix)-\(kind.rawValue)")
                    }
                )
            }
        }
        await reader.close()
        let (jobs, share) = (Double(loneCount), busy.seconds / idle.seconds)
        return LoneJobs(
            times: times,
            cpu: (busy.cpu - idle.cpu * share) * 1_000 / jobs,
            commands: (busy.counts.all - idle.counts.all * share) / jobs
        )
    }

    /// What Redis does in a time.
    struct Load: Sendable {
        var seconds: Double
        var cpu: Double
        var counts: CommandCounts
    }

    /// Returns what Redis does while `body` runs.
    func load(_ body: () async throws -> Void) async throws -> Load {
        let (cpu, counts, begin) = (try await redis.cpu(), try await redis.counts(), ContinuousClock.now)
        try await body()
        let seconds = begin.duration(to: .now).inSeconds
        let after = try await redis.counts()
        return Load(seconds: seconds, cpu: try await redis.cpu() - cpu, counts: after.perJob(since: counts, 1))
    }
}

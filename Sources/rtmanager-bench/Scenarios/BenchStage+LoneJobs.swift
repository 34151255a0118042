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

    private var loneCount: Int { options.full(100, quick: 5) }

    private func loneJobs(_ kind: BenchKind, _ prefix: String, beside idle: Load) async throws -> LoneJobs {
        let lone = try await lonePushes(loneCount, to: redis.keys.results) { number in
            try await redis.push(number..<number + 1, kind: kind, prefix: "\(prefix)-\(kind.rawValue)")
        }
        return LoneJobs(
            times: lone.times,
            cpu: lone.load.cpu(of: loneCount, without: idle) * 1_000,
            commands: lone.load.calls(of: loneCount, without: idle, \.all)
        )
    }

    /// Returns the CPU time of Redis for a lone job of the baseline, in milliseconds.
    func bareLoneCost() async throws -> Double {
        let server = reader()
        let jobs = options.full(50, quick: 10)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await redis.serveBaseline(server) }
            // The measurement is of this time itself: what the waiting baseline costs.
            let idle = try await load { try await Task.sleep(for: options.full(.seconds(5), quick: .seconds(1))) }
            let lone = try await lonePushes(jobs, to: redis.baselineResults) { try await redis.pushBare($0) }
            group.cancelAll()
            await server.close()
            return lone.load.cpu(of: jobs, without: idle) * 1_000
        }
    }

    /// Pushes lone jobs, one each 100 ms, and each after the result of the one before. Returns what Redis does meanwhile, and
    /// the milliseconds from each push to its entry in `stream`.
    func lonePushes(
        _ count: Int,
        to stream: String,
        _ push: (Int) async throws -> Void
    ) async throws -> (load: Load, times: [Double]) {
        let reader = reader()
        var times: [Double] = []
        let busy = try await load {
            let begin = ContinuousClock.now
            for number in 0..<count {
                // The pace of the pushes.
                try await Task.sleep(until: begin.advanced(by: Self.loneInterval * number), clock: .continuous)
                times.append(try await timed(reader, stream) { try await push(number) })
            }
        }
        await reader.close()
        return (busy, times)
    }

    /// What Redis does in a time.
    struct Load: Sendable {
        var seconds: Double
        var cpu: Double
        var counts: CommandCounts

        /// Returns the seconds of CPU time a job, without the CPU time of an idle fleet.
        func cpu(of jobs: Int, without idle: Load) -> Double {
            (cpu - idle.cpu * seconds / idle.seconds) / Double(jobs)
        }

        /// Returns the calls of a kind a job, without those of an idle fleet.
        func calls(of jobs: Int, without idle: Load, _ kind: (CommandCounts) -> Double) -> Double {
            (kind(counts) - kind(idle.counts) * seconds / idle.seconds) / Double(jobs)
        }
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

import AdminServer
import Commands
import Observability
import Primitives
import Redis

/// The result of a drain.
struct DrainFigures: Sendable, Equatable {
    var jobsPerSecond: Double
    /// The CPU time of Redis per job, in microseconds.
    var redisMicros: Double
    /// The CPU time of the worker per job, in microseconds; nil: unknown on this system.
    var workerMicros: Double?
    /// The largest resident memory of the worker, in MiB; nil: unknown on this system.
    var workerMiB: Double?
    /// The calls to Redis per job.
    var counts: CommandCounts
}

/// A run of the baseline and a run of the worker directly afterwards, on the same machine.
struct DrainRound: Sendable, Equatable {
    var baseline: DrainFigures
    var worker: DrainFigures
    /// The worker's second run, with metrics and traces.
    var observed: DrainFigures?
}

extension BenchStage {
    /// Measures how fast a worker takes many queued jobs.
    func drain() async throws -> [BenchFigure] {
        let jobs = options.jobs ?? options.full(20_000, quick: 2_000)
        var rounds: [DrainRound] = []
        for _ in 0..<(options.rounds ?? options.full(3, quick: 1)) {
            try await redis.empty()
            try await redis.push(0..<jobs)
            let baseline = try await redis.baseline(jobs)
            var round = DrainRound(baseline: baseline, worker: try await drained(jobs))
            if options.isObserved {
                round.observed = try await TraceSink.with(logger: logger) { endpoint in
                    try await drained(jobs, traces: endpoint)
                }
            }
            rounds.append(round)
        }
        return rounds.figures
    }

    /// Drains the queue with a worker that has run a job before. So intake, claim and end of the jobs overlap: in a new
    /// namespace, stops wait for nodes that may still come, and the worker would take in all jobs before.
    ///
    /// - Parameter traces: The endpoint for traces. With an endpoint, the worker collects metrics as well.
    private func drained(_ jobs: Int, traces: String? = nil) async throws -> DrainFigures {
        try await redis.empty()
        let observing = traces.map { ["RTM_HTTP": "127.0.0.1:0", "RTM_OTLP_ENDPOINT": $0] } ?? [:]
        let settings = ["RTM_CONCURRENCY": String(options.concurrency)].merging(observing) { _, given in given }
        return try await withWorker(settings) {
            _ = try await settledWorker()
            let before = try await redis.results()
            try await redis.pause(true)
            try await redis.push(0..<jobs, kind: options.kind)
            try await redis.pause(false)
            try await awaitReadiness("the worker's first result", within: .seconds(60), log: workerLog) {
                ((try? await redis.results()) ?? 0) > before
            }
            return try await DrainMeter(redis).measured {
                try await awaitReadiness("the last result", within: .seconds(600), log: workerLog) {
                    ((try? await redis.results()) ?? 0) >= before + jobs
                }
            }
        }
    }
}

/// Measures a worker during a drain. The measurement begins and ends between results, so the start of the process does
/// not count.
struct DrainMeter: Sendable {
    private let redis: BenchRedis

    init(_ redis: BenchRedis) { self.redis = redis }

    func measured(_ body: () async throws -> Void) async throws -> DrainFigures {
        let pid = try await redis.workerPID()
        let begin = ContinuousClock.now
        let (first, cpuBefore, countsBefore) = (
            try await redis.results(), try await redis.cpu(), try await redis.counts()
        )
        let before = pid.flatMap(ProcessUsage.init(pid:))
        try await body()
        let time = begin.duration(to: .now).inSeconds
        let count = Double(max(try await redis.results() - first, 1))
        let after = pid.flatMap(ProcessUsage.init(pid:))
        return DrainFigures(
            jobsPerSecond: count / time,
            redisMicros: (try await redis.cpu() - cpuBefore) * 1_000_000 / count,
            workerMicros: after.flatMap { after in before.map { (after.cpu - $0.cpu) * 1_000_000 / count } },
            workerMiB: after?.peakMiB,
            counts: try await redis.counts().perJob(since: countsBefore, count)
        )
    }
}

extension [DrainRound] {
    /// The medians of the rounds.
    var figures: [BenchFigure] {
        func median(_ name: String, _ unit: String, _ value: (DrainFigures) -> Double?) -> BenchFigure? {
            let (workers, baselines) = (compactMap { value($0.worker) }, compactMap { value($0.baseline) })
            guard !workers.isEmpty else { return nil }
            return BenchFigure(name, workers.median, unit, baseline: baselines.isEmpty ? nil : baselines.median)
        }
        let rates = map { $0.worker.jobsPerSecond / $0.baseline.jobsPerSecond }
        var figures = [median("jobs a second", "1/s", \.jobsPerSecond)].compactMap(\.self)
        figures.append(BenchFigure("jobs a second, median of the pairs' ratios", rates.median, ""))
        figures += [
            median("CPU of Redis a job", "µs", \.redisMicros), median("CPU of the worker a job", "µs", \.workerMicros),
            median("commands to Redis a job, those of scripts too", "", \.counts.all),
            median("calls of scripts a job", "", \.counts.scripts),
        ].compactMap(\.self)
        let memory = compactMap(\.worker.workerMiB).max()
        if let memory { figures.append(BenchFigure("memory of the worker, at most", memory, "MiB")) }
        return figures + observedFigures
    }

    /// The cost of metrics and traces, in comparison with the same worker without both.
    private var observedFigures: [BenchFigure] {
        let pairs = compactMap { round in round.observed.map { (plain: round.worker, observed: $0) } }
        guard !pairs.isEmpty else { return [] }
        let micros = pairs.compactMap { pair in
            pair.observed.workerMicros.flatMap { observed in pair.plain.workerMicros.map { observed - $0 } }
        }
        let ratios = pairs.map { $0.observed.jobsPerSecond / $0.plain.jobsPerSecond }
        var figures = [
            BenchFigure(
                "with metrics and traces: jobs a second",
                pairs.map(\.observed.jobsPerSecond).median,
                "1/s",
                ratio: ratios.median
            )
        ]
        if !micros.isEmpty {
            figures.append(BenchFigure("with metrics and traces: more CPU a job", micros.median, "µs"))
        }
        if let memory = pairs.compactMap(\.observed.workerMiB).max() {
            figures.append(BenchFigure("with metrics and traces: memory, at most", memory, "MiB"))
        }
        return figures
    }
}

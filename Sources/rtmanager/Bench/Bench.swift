import Console
import JobContract
import Logging
import Redis

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Drains, latency and idle cost of one worker, beside the floor.
struct Bench: Sendable {
    var jobs: Int
    var rounds: Int
    var concurrency: Int
    var kind: JobKind
    /// Whether each drain is done once more with metrics and traces.
    var isObserved = false
    var logger: Logger

    private static let latencyJobs = 300
    private static let latencyGap = Duration.milliseconds(25)
    private static let idleTime = Duration.seconds(10)

    func run() async throws -> BenchFigures {
        let tag = String(UInt32.random(in: .min ... .max), radix: 36)
        let directory = "\(FileManager.default.temporaryDirectory.path)/rtmanager-bench-\(tag)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try await Program.withRedis(for: "bench", in: directory, logger: logger) { configuration in
            try await RedisClient.withClient(configuration, logger: logger) { client in
                try await measure(BenchRedis(client: client), configuration, directory)
            }
        }
    }

    private func measure(
        _ redis: BenchRedis,
        _ configuration: RedisConfiguration,
        _ directory: String
    ) async throws -> BenchFigures {
        var figures = BenchFigures(jobs: jobs, kind: kind.rawValue, rounds: [], latencies: [], idleCommands: 0)
        for _ in 0..<rounds {
            try await redis.empty()
            let floor = try await redis.floor(jobs)
            var round = DrainRound(floor: floor, worker: try await drained(redis, directory))
            if isObserved {
                round.observed = try await TraceSink.with(logger: logger) { endpoint in
                    try await drained(redis, directory, traces: endpoint)
                }
            }
            figures.rounds.append(round)
        }
        try await redis.empty()
        try await withWorker(directory) {
            try await awaitReadiness("the worker") { (try? await redis.workerPID()) ?? nil != nil }
            // A young namespace lets stops wait for nodes that may still come.
            try await redis.push(1, kind: kind, prefix: "first")
            try await awaitReadiness("the first result") { (try? await redis.results()) == 1 }
            figures.latencies = try await latencies(redis, configuration)
            try await measureIdle(redis, &figures)
        }
        return figures
    }

    /// - Parameter traces: where its traces go; with them it keeps metrics, too.
    private func drained(_ redis: BenchRedis, _ directory: String, traces: String? = nil) async throws -> DrainFigures {
        try await redis.empty()
        try await redis.push(jobs, kind: kind)
        let observing = traces.map { ["RTM_HTTP": "127.0.0.1:0", "RTM_OTLP_ENDPOINT": $0] } ?? [:]
        return try await withWorker(directory, observing) { try await drain(redis) }
    }

    private func withWorker<R: Sendable>(
        _ directory: String,
        _ settings: [String: String] = [:],
        _ body: () async throws -> R
    ) async throws -> R {
        let environment = [
            "RTM_REDIS_URL": "unix://\(directory)/redis.sock", "RTM_NAMESPACE": BenchRedis.namespace, "RTM_HTTP": "",
            "RTM_CONCURRENCY": String(concurrency), "RTM_LOG_LEVEL": "warning", "RTM_STATE_ROOT": "\(directory)/games",
        ]
        return try await Program.with(
            [try Program.ownPath(), "bench-worker"],
            environment: environment.merging(settings) { _, given in given },
            log: "\(directory)/worker.log",
            body
        )
    }

    /// From the first job that has ended to the last, so that the start of the process is not counted.
    private func drain(_ redis: BenchRedis) async throws -> DrainFigures {
        try await awaitReadiness("the worker's first result", within: .seconds(60)) {
            ((try? await redis.results()) ?? 0) > 0
        }
        let pid = try await redis.workerPID()
        let begin = ContinuousClock.now
        let (first, redisBefore) = (try await redis.results(), try await redis.cpu())
        let before = pid.flatMap(ProcessUsage.init(pid:))
        try await awaitReadiness("the last result", within: .seconds(600)) {
            ((try? await redis.results()) ?? 0) >= jobs
        }
        let time = begin.duration(to: .now).inSeconds
        let count = Double(max(jobs - first, 1))
        let after = pid.flatMap(ProcessUsage.init(pid:))
        return DrainFigures(
            jobsPerSecond: count / time,
            redisMicros: (try await redis.cpu() - redisBefore) * 1_000_000 / count,
            workerMicros: after.flatMap { after in before.map { (after.cpu - $0.cpu) * 1_000_000 / count } },
            workerMiB: after?.peakMiB
        )
    }

    /// One job at a time, from its push until a blocked reader sees its result, in ms, in order of size.
    private func latencies(_ redis: BenchRedis, _ configuration: RedisConfiguration) async throws -> [Double] {
        let reader = RedisBlockingConnection(configuration, logger: logger)
        var latencies: [Double] = []
        for number in 0..<Self.latencyJobs {
            try await Task.sleep(for: Self.latencyGap)
            let results = RedisArgument.string(redis.keys.results)
            let last = try await redis.client.send(RedisCommand("XREVRANGE", results, "+", "-", "COUNT", 1))
            let cursor = last.array?.first?.array?.first?.string ?? "0-0"
            async let seen = reader.send(
                RedisCommand("XREAD", "BLOCK", "5000", "STREAMS", results, .string(cursor)),
                serverTimeout: .seconds(5)
            )
            let begin = ContinuousClock.now
            try await redis.push(1, kind: kind, prefix: "one-\(number)")
            guard !(try await seen.isNull) else { throw CommandError.failed("a job had no result within 5 s") }
            latencies.append(begin.duration(to: .now).inSeconds * 1_000)
        }
        await reader.close()
        return latencies.sorted()
    }

    private func measureIdle(_ redis: BenchRedis, _ figures: inout BenchFigures) async throws {
        let pid = try await redis.workerPID()
        let before = pid.flatMap(ProcessUsage.init(pid:))
        let commands = try await redis.commands()
        let begin = ContinuousClock.now
        try await Task.sleep(for: Self.idleTime)
        let time = begin.duration(to: .now).inSeconds
        // Two of them are this one's own.
        figures.idleCommands = (try await redis.commands() - commands - 1) / time
        let after = pid.flatMap(ProcessUsage.init(pid:))
        figures.idleCPU = after.flatMap { after in before.map { (after.cpu - $0.cpu) * 100 / time } }
    }
}

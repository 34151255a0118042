import DockerEngine
import DockerPort
import JobContract
import Primitives
import Redis
import Terminal

extension BenchStage {
    /// The duration of a start, and the share outside of the Docker Engine, in milliseconds.
    private struct StartTimes {
        let all: Double
        /// From the push or the call to the container's creation, by the Docker Engine's clock.
        let toCreation: Double
        /// From the start of the process, by the Docker Engine's clock, to the result.
        let fromStart: Double

        var outside: Double { toCreation + fromStart }
    }

    /// Measures starts one at a time, from push to result. The baseline creates and starts a container by the bare
    /// adapter.
    func start() async throws -> [BenchFigure] {
        try await BenchEngine.with(self) { engine in
            try await engine.withWorker {
                let reader = reader()
                var (workers, baselines): ([StartTimes], [StartTimes]) = ([], [])
                // The first pair warms caches.
                for number in -1..<options.full(40, quick: 4) {
                    let (bare, job) = (GameID("bare\(number + 1)"), GameID("job\(number + 1)"))
                    func worker() async throws -> StartTimes {
                        let pushed = try await timed(reader, redis.keys.results, within: .seconds(120)) {
                            try await engine.push(.start, [job])
                        }
                        return try await times(pushed, of: job, engine)
                    }
                    func baseline() async throws -> StartTimes {
                        let called = try await Self.time { _ = try await engine.run(bare) }
                        return try await times(called, of: bare, engine)
                    }
                    let isFirst = number.isMultiple(of: 2)
                    let first = isFirst ? try await worker() : try await baseline()
                    let second = isFirst ? try await baseline() : try await worker()
                    try await engine.untilDone(.start, [job])
                    try await engine.push(.remove, [job])
                    try await engine.untilDone(.remove, [job])
                    try await engine.docker.remove(engine.containerName(bare))
                    guard number >= 0 else { continue }
                    workers.append(isFirst ? first : second)
                    baselines.append(isFirst ? second : first)
                }
                await reader.close()
                return Self.pairFigures(workers, baselines)
            }
        }
    }

    /// Returns the times of a start.
    ///
    /// - Parameter all: The duration of the start, in milliseconds. The start has just ended.
    private func times(_ all: Double, of game: GameID, _ engine: BenchEngine) async throws -> StartTimes {
        let end = SystemClock.now()
        let container = try await engine.docker.inspectContainer(engine.containerName(game))
        guard let created = container.createdAt, let started = container.startedAt else {
            throw CommandError.failed("the container of \(game) does not run")
        }
        return StartTimes(
            all: all,
            toCreation: all - end.milliseconds(since: created),
            fromStart: end.milliseconds(since: started)
        )
    }

    /// Returns the figures of all pairs.
    ///
    /// - Parameter workers: The worker's times. The worker is first and second in turn.
    private static func pairFigures(_ workers: [StartTimes], _ baselines: [StartTimes]) -> [BenchFigure] {
        let pairs = Array(zip(workers, baselines))
        return workers.map(\.all).figures("push to the result of a start", "ms", baseline: baselines.map(\.all)) + [
            BenchFigure(
                "over create and start, median of the pairs",
                inTwos(pairs.map { $0.all - $1.all }).median,
                "ms",
                ratio: inTwos(pairs.map { $0.all / $1.all }).median
            ),
            // The Docker Engine's own variation is much larger than the worker's share.
            BenchFigure(
                "push to the Engine's creation, median",
                workers.map(\.toCreation).median,
                "ms",
                baseline: baselines.map(\.toCreation).median
            ),
            BenchFigure(
                "the Engine's start to the result, median",
                workers.map(\.fromStart).median,
                "ms",
                baseline: baselines.map(\.fromStart).median
            ),
            BenchFigure(
                "outside the Engine, over the bare call, median of the pairs",
                inTwos(pairs.map { $0.outside - $1.outside }).median,
                "ms"
            ),
        ]
    }

    /// Returns the mean of each two values. The means cancel the effect of the order within a pair.
    private static func inTwos(_ values: [Double]) -> [Double] {
        stride(from: 0, to: values.count - 1, by: 2).map { (values[$0] + values[$0 + 1]) / 2 }
    }

    /// Returns the duration of `body`, in milliseconds.
    static func time(_ body: () async throws -> Void) async throws -> Double {
        let begin = ContinuousClock.now
        try await body()
        return begin.duration(to: .now).inMilliseconds
    }
}

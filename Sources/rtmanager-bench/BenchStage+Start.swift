import DockerEngine
import DockerPort
import JobContract
import Primitives
import Redis
import Terminal

extension BenchStage {
    /// What one start took, in ms, and of it what the Engine has no part in.
    private struct StartTimes {
        let all: Double
        /// From the push, or the call, to the Engine's time of the container's creation.
        let toCreation: Double
        /// From the Engine's time of the process' start to the result.
        let fromStart: Double

        var outside: Double { toCreation + fromStart }
    }

    /// One container at a time: from the push of a start to its result, beside create and start by the bare adapter.
    func start() async throws -> [BenchFigure] {
        try await BenchEngine.with(self) { engine in
            try await engine.withWorker {
                let reader = reader()
                var (workers, floors): ([StartTimes], [StartTimes]) = ([], [])
                // The first pair warms caches.
                for number in -1..<options.full(40, quick: 4) {
                    let (bare, job) = ("bare\(number + 1)", "job\(number + 1)")
                    func worker() async throws -> StartTimes {
                        let pushed = try await timed(reader, redis.keys.results, within: .seconds(120)) {
                            try await engine.push(.start, [job])
                        }
                        return try await times(pushed, of: job, engine)
                    }
                    func floor() async throws -> StartTimes {
                        let called = try await Self.time { _ = try await engine.run(bare) }
                        return try await times(called, of: bare, engine)
                    }
                    let isFirst = number.isMultiple(of: 2)
                    let first = isFirst ? try await worker() : try await floor()
                    let second = isFirst ? try await floor() : try await worker()
                    try await engine.untilDone(.start, [job])
                    try await engine.push(.remove, [job])
                    try await engine.untilDone(.remove, [job])
                    try await engine.docker.remove(engine.containerName(bare))
                    guard number >= 0 else { continue }
                    workers.append(isFirst ? first : second)
                    floors.append(isFirst ? second : first)
                }
                await reader.close()
                return Self.pairFigures(workers, floors)
            }
        }
    }

    /// - Parameter all: what it took, in ms, until now.
    private func times(_ all: Double, of game: String, _ engine: BenchEngine) async throws -> StartTimes {
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

    /// - Parameter workers: in turn of a pair in which the worker was first, and of one in which it was second.
    private static func pairFigures(_ workers: [StartTimes], _ floors: [StartTimes]) -> [BenchFigure] {
        let pairs = Array(zip(workers, floors))
        return workers.map(\.all).figures("push to the result of a start", "ms", floor: floors.map(\.all)) + [
            BenchFigure(
                "over create and start, median of the pairs",
                inTwos(pairs.map { $0.all - $1.all }).median,
                "ms",
                ratio: inTwos(pairs.map { $0.all / $1.all }).median
            ),
            // The Engine's own spread is much larger than what a worker adds to it.
            BenchFigure(
                "push to the Engine's creation, median",
                workers.map(\.toCreation).median,
                "ms",
                floor: floors.map(\.toCreation).median
            ),
            BenchFigure(
                "the Engine's start to the result, median",
                workers.map(\.fromStart).median,
                "ms",
                floor: floors.map(\.fromStart).median
            ),
            BenchFigure(
                "outside the Engine, over the bare call, median of the pairs",
                inTwos(pairs.map { $0.outside - $1.outside }).median,
                "ms"
            ),
        ]
    }

    /// The means of each two: what the order of a pair adds to one is taken from the other.
    private static func inTwos(_ values: [Double]) -> [Double] {
        stride(from: 0, to: values.count - 1, by: 2).map { (values[$0] + values[$0 + 1]) / 2 }
    }

    /// How long `body` takes, in ms.
    static func time(_ body: () async throws -> Void) async throws -> Double {
        let begin = ContinuousClock.now
        try await body()
        return begin.duration(to: .now).inMilliseconds
    }
}

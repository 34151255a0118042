import DockerEngine
import JobContract
import Redis

extension BenchStage {
    /// One container at a time: from the push of a start to its result, beside create and start by the bare adapter.
    func start() async throws -> [BenchFigure] {
        try await BenchEngine.with(self) { engine in
            try await engine.withWorker {
                let reader = reader()
                var (workers, floors): ([Double], [Double]) = ([], [])
                // The first pair warms caches.
                for number in -1..<options.full(40, quick: 3) {
                    let (bare, job) = ("bare\(number + 1)", "job\(number + 1)")
                    func worker() async throws -> Double {
                        try await timed(reader, redis.keys.results, within: .seconds(120)) {
                            try await engine.push(.start, [job])
                        }
                    }
                    func floor() async throws -> Double { try await Self.time { _ = try await engine.run(bare) } }
                    let isFirst = number.isMultiple(of: 2)
                    var times = (worker: 0.0, floor: 0.0)
                    if isFirst { times.worker = try await worker() }
                    times.floor = try await floor()
                    if !isFirst { times.worker = try await worker() }
                    try await engine.untilDone(.start, [job])
                    try await engine.push(.remove, [job])
                    try await engine.untilDone(.remove, [job])
                    try await engine.docker.remove(engine.containerName(bare))
                    guard number >= 0 else { continue }
                    workers.append(times.worker)
                    floors.append(times.floor)
                }
                await reader.close()
                return Self.pairFigures(workers, floors)
            }
        }
    }

    private static func pairFigures(_ workers: [Double], _ floors: [Double]) -> [BenchFigure] {
        let pairs = zip(workers, floors)
        return workers.figures("push to the result of a start", "ms", floor: floors) + [
            BenchFigure(
                "over create and start, median of the pairs",
                pairs.map { $0 - $1 }.median,
                "ms",
                ratio: pairs.map { $0 / $1 }.median
            )
        ]
    }

    /// How long `body` takes, in ms.
    static func time(_ body: () async throws -> Void) async throws -> Double {
        let begin = ContinuousClock.now
        try await body()
        return begin.duration(to: .now).inMilliseconds
    }
}

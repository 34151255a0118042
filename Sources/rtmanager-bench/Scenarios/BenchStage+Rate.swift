import DockerEngine
import JobContract
import Redis
import Synchronization
import Terminal

extension BenchStage {
    /// Measures containers per second, and whether a stop waits for starts. The baseline is the bare adapter with the
    /// same number of calls in flight.
    func rate() async throws -> [BenchFigure] {
        try await BenchEngine.with(self) { engine in
            var figures: [BenchFigure] = []
            for width in options.full([1, 2, 4, 8], quick: [4]) {
                var (workers, baselines): ([Rates], [Rates]) = ([], [])
                for round in 0..<(options.rounds ?? options.full(3, quick: 1)) {
                    let games = (0..<options.full(24, quick: 6)).map { GameID("w\(width)r\(round)n\($0)") }
                    if round.isMultiple(of: 2) { baselines.append(try await bareRates(engine, width, games)) }
                    workers.append(try await workerRates(engine, width, games))
                    if !round.isMultiple(of: 2) { baselines.append(try await bareRates(engine, width, games)) }
                }
                for (what, value) in [("starts", \Rates.starts), ("stops", \Rates.stops)] {
                    let name = "\(what) a second, \(width) in flight"
                    let (ours, bare) = (workers.map { $0[keyPath: value] }, baselines.map { $0[keyPath: value] })
                    let ratio = zip(ours, bare).map { $0 / $1 }.median
                    figures.append(BenchFigure(name, ours.median, "1/s", baseline: bare.median, ratio: ratio))
                }
            }
            return figures + (try await stopsWhileStartsQueue(engine))
        }
    }

    /// Starts and stops per second.
    private struct Rates {
        var starts: Double
        var stops: Double

        init(count: Int, starts: Double, stops: Double) {
            self.starts = Double(count) * 1_000 / starts
            self.stops = Double(count) * 1_000 / stops
        }
    }

    private func bareRates(_ engine: BenchEngine, _ width: Int, _ games: [GameID]) async throws -> Rates {
        let starts = try await Self.time { try await inFlight(width, games) { _ = try await engine.run($0) } }
        let stops = try await Self.time {
            try await inFlight(width, games) {
                _ = try await engine.docker.stop(engine.containerName($0), timeout: .seconds(10))
            }
        }
        try await engine.removeAll()
        return Rates(count: games.count, starts: starts, stops: stops)
    }

    private func workerRates(_ engine: BenchEngine, _ width: Int, _ games: [GameID]) async throws -> Rates {
        try await redis.empty()
        return try await engine.withWorker(concurrency: width) {
            let starts = try await Self.time {
                try await engine.push(.start, games)
                try await engine.untilDone(.start, games)
            }
            let stops = try await Self.time {
                try await engine.push(.stop, games)
                try await engine.untilDone(.stop, games)
            }
            try await engine.removeAll()
            return Rates(count: games.count, starts: starts, stops: stops)
        }
    }

    // MARK: Stops while starts queue up

    private static let startsInFlight = 4

    private func stopsWhileStartsQueue(_ engine: BenchEngine) async throws -> [BenchFigure] {
        try await redis.empty()
        let count = options.full(20, quick: 3)
        let baselines = try await bareStops(engine, (0..<count).map { GameID("bare\($0)") })
        try await engine.removeAll()
        let workers = try await engine.withWorker(concurrency: Self.startsInFlight) {
            try await queuedStops(engine, (0..<count).map { GameID("job\($0)") })
        }
        return [
            BenchFigure(
                "push to the result of a stop while starts queue, p50",
                workers.median,
                "ms",
                baseline: baselines.median
            )
        ]
    }

    /// Times stops during a constant load of as many starts as a worker has in flight. The load ends after the last
    /// stop.
    private func bareStops(_ engine: BenchEngine, _ games: [GameID]) async throws -> [Double] {
        try await inFlight(Self.startsInFlight, games) { _ = try await engine.run($0) }
        let end = LoadEnd()
        return try await withThrowingTaskGroup(of: [Double].self) { group in
            for lane in 0..<Self.startsInFlight {
                group.addTask {
                    var number = 0
                    while !end.isReached, number < 1_000 {
                        _ = try await engine.run(GameID("load\(lane)n\(number)"))
                        number += 1
                    }
                    return []
                }
            }
            group.addTask {
                defer { end.reach() }
                // The pause puts starts in flight.
                try await Task.sleep(for: .milliseconds(500))
                var times: [Double] = []
                for game in games {
                    let time = try await Self.time {
                        _ = try await engine.docker.stop(engine.containerName(game), timeout: .seconds(10))
                    }
                    times.append(time)
                }
                return times
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func queuedStops(_ engine: BenchEngine, _ games: [GameID]) async throws -> [Double] {
        try await engine.push(.start, games)
        try await engine.untilDone(.start, games)
        let load = (0..<options.full(60, quick: 12)).map { GameID("load\($0)") }
        try await engine.push(.start, load)
        try await Task.sleep(for: .milliseconds(500))
        var times: [Double] = []
        for game in games {
            let time = try await Self.time {
                try await engine.push(.stop, [game])
                try await engine.untilDone(.stop, [game])
            }
            times.append(time)
        }
        guard try await ended(.start, load) < load.count else {
            throw CommandError.failed("the starts had all ended before the last stop: there was nothing to wait for")
        }
        try await engine.untilDone(.start, load)
        try await engine.removeAll()
        return times
    }

    private func ended(_ kind: JobKind, _ games: [GameID]) async throws -> Int {
        let commands = games.map {
            RedisCommand("HEXISTS", .string(redis.keys.job(BenchEngine.id(kind, $0))), "outcome")
        }
        return try await redis.client.pipeline(commands).count { $0.integer == 1 }
    }
}

/// A flag that ends the tasks of a load.
private final class LoadEnd: Sendable {
    private let flag = Atomic(false)

    var isReached: Bool { flag.load(ordering: .relaxed) }

    func reach() { flag.store(true, ordering: .relaxed) }
}

import Commands
import JobContract
import Primitives
import Redis
import Terminal

extension BenchStage {
    /// Runs starts, stops and removes for a long time, at 80 % of the highest rate.
    ///
    /// The scenario shows whether memory grows, jobs become slower, or results are lost or doubled.
    func soak() async throws -> [BenchFigure] {
        guard options.image != nil else {
            let settings = [
                "RTM_CONCURRENCY": "16", "RTM_RETENTION_SECONDS": "60", "RTM_RETENTION_ENTRIES": "10000",
            ]
            return try await withWorker(settings, ["--engine", "memory"]) {
                _ = try await settledWorker()
                return try await soaked(width: 8) { order in
                    let more = order.kind == .start ? #","image":"galaxy/engine:1.4.2""# : ""
                    return
                        #"{"v":1,"id":"\#(order.id)","kind":"\#(order.kind.rawValue)","game_id":"\#(order.game)"\#(more)}"#
                }
            }
        }
        return try await BenchEngine.with(self) { engine in
            try await engine.withWorker {
                try await soaked(width: 4) { engine.message($0.kind, $0.id, $0.game) }
            }
        }
    }

    /// Finds the highest rate, then runs the soak.
    ///
    /// - Parameter width: The number of simultaneous games in the search for the highest rate.
    private func soaked(
        width: Int,
        _ message: @escaping @Sendable (SoakLedger.Order) -> String
    ) async throws -> [BenchFigure] {
        let most = try await withSoak(games: width, prefix: "trial", message) { ledger in
            let time = options.full(20.0, quick: 3)
            let begin = ContinuousClock.now
            while begin.duration(to: .now) < .seconds(time) {
                try await pushStarts(of: ledger, atMost: width, message)
                try await Task.sleep(for: .milliseconds(2))
            }
            let lifecycles = Double(ledger.lifecycles)
            try await awaitReadiness("the last results", within: .seconds(60)) { ledger.waiting == 0 }
            return lifecycles / time
        }
        let rate = most * 0.8
        return try await withSoak(games: 200, prefix: "soak", message) { ledger in
            let time = (options.minutes.map { $0 * 60 }) ?? options.full(1_800, quick: 10)
            let memory = try await pushed(rate, for: time, ledger, message)
            // Results missing after this time count as lost.
            let end = ContinuousClock.now.advanced(by: .seconds(60))
            while ledger.waiting > 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
            return [
                BenchFigure("lifecycles a second that there can be", most, "1/s"),
                BenchFigure("lifecycles a second", rate, "1/s"),
            ] + ledger.figures(over: time) + memory
        }
    }

    /// Pushes starts at `rate` per second for `time` seconds. Returns figures about the worker's memory meanwhile.
    private func pushed(
        _ rate: Double,
        for time: Double,
        _ ledger: SoakLedger,
        _ message: @Sendable (SoakLedger.Order) -> String
    ) async throws -> [BenchFigure] {
        guard let pid = try await redis.workerPID() else { throw CommandError.failed("the worker has ended") }
        var samples: [(x: Double, y: Double)] = []
        var begun = 0
        let begin = ContinuousClock.now
        while true {
            let now = begin.duration(to: .now).inSeconds
            guard now < time else { break }
            begun += try await pushStarts(of: ledger, atMost: Int(rate * now) - begun, message)
            // A long soak gets 400 samples, and a short soak up to ten samples per second.
            if Double(samples.count) * max(time / 400, 0.1) <= now, let usage = ProcessUsage(pid: pid) {
                samples.append((now / 3_600, usage.residentMiB))
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        // The first quarter warms the worker up and does not count as growth.
        let later = samples.filter { $0.x > time / 3_600 / 4 }
        return [
            BenchFigure("memory of the worker, at most", samples.map(\.y).max() ?? 0, "MiB"),
            BenchFigure("growth of memory after the first quarter", Self.slope(later), "MiB/h"),
        ]
    }

    @discardableResult
    private func pushStarts(
        of ledger: SoakLedger,
        atMost count: Int,
        _ message: @Sendable (SoakLedger.Order) -> String
    ) async throws -> Int {
        var messages: [RedisArgument] = []
        while messages.count < min(count, 100), let order = ledger.nextStart() {
            messages.append(.string(message(order)))
        }
        guard !messages.isEmpty else { return 0 }
        _ = try await redis.client.send(RedisCommand("LPUSH", arguments: [redis.queue] + messages))
        return messages.count
    }

    /// Runs `body` beside a reader of results. After each result, the reader pushes the game's next job.
    private func withSoak<R: Sendable>(
        games: Int,
        prefix: String,
        _ message: @escaping @Sendable (SoakLedger.Order) -> String,
        _ body: (SoakLedger) async throws -> R
    ) async throws -> R {
        let ledger = SoakLedger(games: games, prefix: prefix)
        let reader = reader()
        let cursor = try await redis.lastID(of: redis.keys.results)
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follow(reader, from: cursor, ledger, message) }
            let result = try await body(ledger)
            group.cancelAll()
            while let outcome = await group.nextResult() { _ = outcome }
            return result
        }
        await reader.close()
        return result
    }

    private func follow(
        _ reader: RedisBlockingConnection,
        from first: String,
        _ ledger: SoakLedger,
        _ message: @Sendable (SoakLedger.Order) -> String
    ) async throws {
        var cursor = first
        while !Task.isCancelled {
            let stream = RedisArgument.string(redis.keys.results)
            let answer = try await reader.send(
                RedisCommand("XREAD", "COUNT", "500", "BLOCK", "1000", "STREAMS", stream, .string(cursor)),
                serverTimeout: .seconds(1)
            )
            var next: [RedisArgument] = []
            for entry in answer.array?.first?.array?.last?.array ?? [] {
                guard let parts = entry.array, let id = parts.first?.string else { continue }
                cursor = id
                let result = JobResult(pairs: (parts.last?.array ?? []).compactMap(\.string))
                if let order = ledger.ended(result) { next.append(.string(message(order))) }
            }
            guard !next.isEmpty else { continue }
            _ = try await redis.client.send(RedisCommand("LPUSH", arguments: [redis.queue] + next))
        }
    }

    /// Returns the slope of the straight line closest to all points.
    static func slope(_ points: [(x: Double, y: Double)]) -> Double {
        guard points.count > 1 else { return 0 }
        let count = Double(points.count)
        let (x, y) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
        let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
        guard spread > 0 else { return 0 }
        return points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / spread
    }
}

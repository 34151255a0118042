import Commands
import Primitives
import Redis
import Terminal

extension BenchStage {
    /// Measures the cost of a job with short and with long queues.
    ///
    /// During a measurement, the bench refills the queue, so that the measurements differ only in the queue's length.
    func backlog() async throws -> [BenchFigure] {
        let lengths = options.full([1_000, 10_000, 100_000, 1_000_000], quick: [1_000, 50_000])
        var costs: [[BacklogCost]] = Array(repeating: [], count: lengths.count)
        for round in 0..<(options.rounds ?? options.full(5, quick: 3)) {
            // Alternate the order, so that a machine with changing speed favours neither end.
            let order = round.isMultiple(of: 2) ? Array(lengths.indices) : lengths.indices.reversed()
            for index in order { costs[index].append(try await cost(with: lengths[index])) }
        }
        var figures: [BenchFigure] = []
        for (title, worker, baseline) in BacklogCost.kinds {
            for (index, length) in lengths.enumerated() {
                guard let value = BacklogCost.median(costs[index], worker) else { continue }
                figures.append(
                    BenchFigure(
                        "\(title) with \(length) queued",
                        value,
                        "µs",
                        baseline: BacklogCost.median(costs[index], baseline)
                    )
                )
            }
            guard let few = costs.first, let many = costs.last else { continue }
            let ratios = BacklogCost.ratios(many, over: few, worker)
            guard let least = ratios.min() else { continue }
            let baselines = BacklogCost.ratios(many, over: few, baseline)
            let name = "\(title), most over fewest"
            figures.append(BenchFigure(name, ratios.median, "", baseline: baselines.isEmpty ? nil : baselines.median))
            figures.append(BenchFigure("\(name), least", least, "", baseline: baselines.min()))
        }
        for (index, length) in lengths.enumerated() {
            let time = costs[index].map(\.firstResult).median
            figures.append(BenchFigure("start of a worker to a result with \(length) queued", time, "ms"))
        }
        return figures
    }

    private func cost(with length: Int) async throws -> BacklogCost {
        let taken = options.full(20_000, quick: 1_000)
        try await redis.empty()
        var pushed = 0
        func refill() async throws {
            let missing = length - (try await redis.queued())
            guard missing > 0 else { return }
            // Push starts, because stops in a new namespace wait for nodes that may still come.
            try await redis.push(pushed..<pushed + missing, kind: .start)
            pushed += missing
        }
        try await refill()
        var baseline: [DrainFigures] = []
        for _ in 0..<options.full(10, quick: 2) {
            baseline.append(try await redis.baseline(500))
            try await refill()
        }
        let begin = ContinuousClock.now
        return try await withWorker(["RTM_CONCURRENCY": String(options.concurrency)]) {
            try await awaitReadiness("the worker's first result", within: .seconds(60), log: workerLog) {
                ((try? await redis.results()) ?? 0) > 0
            }
            let firstResult = begin.duration(to: .now).inMilliseconds
            let target = try await redis.results() + taken
            let worker = try await DrainMeter(redis).measured {
                while try await redis.results() < target {
                    try await refill()
                    try await Task.sleep(for: .milliseconds(5))
                    guard begin.duration(to: .now) < .seconds(300) else {
                        throw CommandError.failed("the worker did not take \(taken) jobs within 300 s")
                    }
                }
            }
            return BacklogCost(worker: worker, baseline: baseline, firstResult: firstResult)
        }
    }
}

/// The costs of jobs at a certain length of the queue.
struct BacklogCost: Sendable {
    var worker: DrainFigures
    var baseline: [DrainFigures]
    /// The time from the start of the worker's process to its first result, in milliseconds.
    var firstResult: Double

    /// Returns the ratio of each round. Measurements close in time compare best.
    static func ratios(
        _ many: [BacklogCost],
        over few: [BacklogCost],
        _ value: (BacklogCost) -> Double?
    ) -> [Double] {
        zip(few, many).compactMap { few, many in value(few).flatMap { few in value(many).map { $0 / few } }
        }
    }

    static func median(_ costs: [BacklogCost], _ value: (BacklogCost) -> Double?) -> Double? {
        let values = costs.compactMap(value)
        return values.isEmpty ? nil : values.median
    }

    /// The figures with their titles, for the worker and for the baseline.
    static let kinds: [(String, @Sendable (BacklogCost) -> Double?, @Sendable (BacklogCost) -> Double?)] = [
        ("CPU of Redis a job", { $0.worker.redisMicros }, { $0.baseline.map(\.redisMicros).median }),
        ("CPU of the worker a job", { $0.worker.workerMicros }, { _ in nil }),
    ]
}

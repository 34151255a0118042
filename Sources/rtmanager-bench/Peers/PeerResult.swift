/// A turn of a worker, directly after a drain by the baseline.
struct PeerRound: Sendable, Equatable {
    var baseline: DrainFigures
    var worker: PeerDrain
    /// The times of lone jobs, in milliseconds; empty: the peer has no lone jobs.
    var lone: [Double] = []
    var baselineLone: [Double] = []
}

/// The rounds of a worker.
struct PeerResult: Sendable, Equatable {
    /// The name of rtmanager's own row.
    static let own = "rtmanager"

    var name: String
    var title: String
    /// The fate of the jobs of a killed worker.
    var killed: String
    var rounds: [PeerRound] = []

    init(_ peer: Peer) { (name, title, killed) = (peer.name, peer.title, peer.killed) }

    /// Creates rtmanager's own result.
    init() {
        (name, title, killed) = (Self.own, Self.own, "run again; one result each, in order of their game")
    }

    /// The median of the quotients of worker and baseline in jobs a second. Measurements close in time compare best.
    var ratio: Double { rounds.map { $0.worker.jobsPerSecond / $0.baseline.jobsPerSecond }.median }

    /// The medians of the rounds, each with the baseline's figure. Lone jobs of all rounds count together.
    var figures: [BenchFigure] {
        func median(
            _ title: String,
            _ unit: String,
            _ worker: (PeerDrain) -> Double?,
            _ base: (DrainFigures) -> Double?
        )
            -> BenchFigure?
        {
            let (workers, bases) = (rounds.compactMap { worker($0.worker) }, rounds.compactMap { base($0.baseline) })
            guard !workers.isEmpty else { return nil }
            return BenchFigure("\(name): \(title)", workers.median, unit, baseline: bases.isEmpty ? nil : bases.median)
        }
        guard !rounds.isEmpty else { return [] }
        var figures = [median("jobs a second", "1/s", \.jobsPerSecond, \.jobsPerSecond)]
        figures.append(BenchFigure("\(name): jobs a second, of the baseline", ratio, ""))
        figures.append(median("CPU of Redis a job", "µs", \.redisMicros, \.redisMicros))
        figures.append(median("CPU of the worker a job", "µs", \.workerMicros, \.workerMicros))
        figures.append(median("memory of the worker", "MiB", \.workerMiB) { _ in nil })
        guard !lone.isEmpty else { return figures.compactMap(\.self) }
        return figures.compactMap(\.self)
            + lone.figures("\(name): one job", "ms", baseline: rounds.flatMap(\.baselineLone))
    }

    private var lone: [Double] { rounds.flatMap(\.lone) }
}

extension [PeerResult] {
    /// The results as a table in Markdown: rtmanager first, then the peers, the fastest first.
    var table: [String] {
        let measured = filter { !$0.rounds.isEmpty }
        let sorted =
            measured.filter { $0.name == PeerResult.own }
            + measured.filter { $0.name != PeerResult.own }.sorted { $0.ratio > $1.ratio }
        let head = [
            "worker", "jobs of a killed worker", "jobs a second, of the baseline", "jobs a second",
            "CPU of Redis a job",
            "CPU of the worker a job", "one job, p50 and p99", "memory",
        ]
        return ([head, head.map { _ in "---" }] + sorted.map(\.cells)).map { "| \($0.joined(separator: " | ")) |" }
    }
}

extension PeerResult {
    /// The cells of a row. The baseline's figure stands in brackets.
    fileprivate var cells: [String] {
        let figures = Dictionary(uniqueKeysWithValues: figures.map { ($0.name, $0) })
        func cell(_ title: String, _ unit: String) -> String {
            guard let figure = figures["\(name): \(title)"] else { return "-" }
            let base = figure.baseline.map { " (\(Self.grouped($0)))" } ?? ""
            return Self.grouped(figure.value) + unit + base
        }
        return [
            title, killed, BenchFigure.short(ratio), cell("jobs a second", ""), cell("CPU of Redis a job", " µs"),
            cell("CPU of the worker a job", " µs"), loneCell, cell("memory of the worker", " MiB"),
        ]
    }

    private var loneCell: String {
        func pair(_ times: [Double]) -> String {
            "\(BenchFigure.short(times.quantile(0.5))) and \(BenchFigure.short(times.quantile(0.99)))"
        }
        guard !lone.isEmpty else { return "-" }
        return "\(pair(lone)) ms (\(pair(rounds.flatMap(\.baselineLone))))"
    }

    /// Returns a value with commas between thousands, for example `10,900`.
    static func grouped(_ value: Double) -> String {
        let text = BenchFigure.short(value)
        guard value >= 1_000, let digits = Int(text) else { return text }
        return (digits >= 1_000_000 ? "\(digits / 1_000_000)," : "")
            + (digits >= 1_000_000 ? padded(digits / 1_000 % 1_000) : "\(digits / 1_000)") + ","
            + padded(digits % 1_000)
    }

    private static func padded(_ digits: Int) -> String {
        String(repeating: "0", count: 3 - String(digits).count) + String(digits)
    }
}

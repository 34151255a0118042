/// What one drain came to.
struct DrainFigures: Sendable, Equatable, Encodable {
    var jobsPerSecond: Double
    /// CPU of Redis for each job, in µs.
    var redisMicros: Double
    /// CPU of the worker for each job, in µs; nil where the system does not tell.
    var workerMicros: Double?
    /// Largest resident memory of the worker, in MiB; nil where the system does not tell.
    var workerMiB: Double?
}

/// A pair of runs right after each other, which saw the same machine.
struct DrainRound: Sendable, Equatable, Encodable {
    var floor: DrainFigures
    var worker: DrainFigures
    /// The worker once more, with metrics and traces.
    var observed: DrainFigures?

    /// Jobs of the worker for each of the floor, in the same time.
    var ratio: Double { worker.jobsPerSecond / floor.jobsPerSecond }
}

/// What a bench came to.
struct BenchFigures: Sendable, Equatable, Encodable {
    var jobs: Int
    var kind: String
    var rounds: [DrainRound]
    /// From `LPUSH` to the result, seen by a blocked reader, in ms, in order of size.
    var latencies: [Double]
    /// While there is nothing to do: share of a core in per cent, and commands to Redis a second.
    var idleCPU: Double?
    var idleCommands: Double

    /// The value below which `part` of them lie.
    static func quantile(_ part: Double, of sorted: [Double]) -> Double {
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))]
    }

    private static func median(_ values: [Double]) -> Double { quantile(0.5, of: values.sorted()) }

    /// For people: a line for each figure, beside the floor of the same run where there is one.
    var lines: [String] {
        let floors = rounds.map(\.floor), workers = rounds.map(\.worker)
        func line(_ name: String, _ value: Double, _ floor: Double?, _ unit: String) -> String {
            var text = Self.padded(name, 34) + Self.padded(Self.short(value) + " " + unit, 16)
            if let floor { text += "floor \(Self.short(floor)) \(unit), ratio \(Self.short(value / floor))" }
            return text
        }
        var lines = [
            line(
                "jobs a second (\(kind))",
                Self.median(workers.map(\.jobsPerSecond)),
                Self.median(floors.map(\.jobsPerSecond)),
                "1/s"
            ),
            Self.padded("  median of the pairs' ratios", 34) + Self.short(Self.median(rounds.map(\.ratio))),
            line(
                "CPU of Redis a job",
                Self.median(workers.map(\.redisMicros)),
                Self.median(floors.map(\.redisMicros)),
                "µs"
            ),
        ]
        let cpu = workers.compactMap(\.workerMicros), memory = workers.compactMap(\.workerMiB)
        if !cpu.isEmpty { lines.append(line("CPU of the worker a job", Self.median(cpu), nil, "µs")) }
        if let most = memory.max() { lines.append(line("memory of the worker, at most", most, nil, "MiB")) }
        lines += observedLines
        lines.append(line("push to result, p50", Self.quantile(0.5, of: latencies), nil, "ms"))
        lines.append(line("push to result, p99", Self.quantile(0.99, of: latencies), nil, "ms"))
        if let idleCPU { lines.append(line("idle: CPU", idleCPU, nil, "%")) }
        lines.append(line("idle: commands to Redis", idleCommands, nil, "1/s"))
        return lines
    }

    /// What metrics and traces cost: beside the same worker without.
    private var observedLines: [String] {
        let pairs = rounds.compactMap { round in round.observed.map { (plain: round.worker, observed: $0) } }
        guard !pairs.isEmpty else { return [] }
        let micros = pairs.compactMap { pair in
            pair.observed.workerMicros.flatMap { observed in pair.plain.workerMicros.map { observed - $0 } }
        }
        let memory = pairs.compactMap(\.observed.workerMiB).max()
        func line(_ name: String, _ value: Double, _ unit: String) -> String {
            Self.padded(name, 34) + Self.short(value) + " " + unit
        }
        var lines = ["with metrics and traces"]
        lines.append(line("  jobs a second", Self.median(pairs.map(\.observed.jobsPerSecond)), "1/s"))
        if !micros.isEmpty { lines.append(line("  more CPU of the worker a job", Self.median(micros), "µs")) }
        if let memory { lines.append(line("  memory of the worker, at most", memory, "MiB")) }
        return lines
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    /// Three digits, or all before the point.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2
        let scale = [1.0, 10, 100][decimals]
        let rounded = (value * scale).rounded() / scale
        return decimals == 0 ? String(Int(rounded)) : String(rounded)
    }
}

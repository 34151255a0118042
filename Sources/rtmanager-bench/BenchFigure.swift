/// A figure of a scenario, with the baseline's figure from the same run if there is a baseline.
struct BenchFigure: Sendable, Equatable, Encodable {
    var name: String
    var value: Double
    var unit: String
    /// The baseline's figure.
    var baseline: Double?
    /// The value divided by the baseline's figure, or the median of several such quotients.
    var ratio: Double?

    init(_ name: String, _ value: Double, _ unit: String, baseline: Double? = nil, ratio: Double? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.baseline = baseline
        let quotient = ratio ?? baseline.map { value / $0 }
        self.ratio = quotient.flatMap { $0.isFinite ? $0 : nil }
    }

    /// The figure for people: name, value, baseline and ratio in columns.
    var line: String {
        var text = Self.padded(name, 52) + Self.padded(Self.short(value) + (unit.isEmpty ? "" : " " + unit), 16)
        if let baseline { text += "baseline \(Self.short(baseline))\(unit.isEmpty ? "" : " " + unit)" }
        if let ratio { text += (baseline == nil ? "" : ", ") + "ratio \(Self.short(ratio))" }
        return text
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    /// Returns a value with three digits, or with all digits before the decimal point. Small values have three decimals.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let decimals = [100, 10, 0.1].firstIndex { abs(value) >= $0 } ?? 3
        let scale = [1.0, 10, 100, 1_000][decimals]
        let rounded = (value * scale).rounded() / scale
        return decimals == 0 ? String(Int(rounded)) : String(rounded)
    }
}

/// The result of a scenario.
struct BenchReport: Sendable, Equatable, Encodable {
    var scenario: BenchScenario
    /// The part of the scenario, if the report is not about all of it.
    var part: String?
    var figures: [BenchFigure]
    /// What could not be measured, and why.
    var notes: [String]?
    /// The figures as a table in Markdown.
    var table: [String]?

    /// The result for people.
    var lines: [String] {
        let head = [scenario.rawValue, part].compactMap(\.self).joined(separator: ", ")
        return [head] + (figures.map(\.line) + (notes ?? [])).map { "  " + $0 } + (table.map { [""] + $0 } ?? [])
    }
}

extension [Double] {
    /// Returns the value at the fraction `part` of the sorted values; 0 if there are no values.
    func quantile(_ part: Double) -> Double {
        guard !isEmpty else { return 0 }
        return sorted()[Swift.min(count - 1, Int(part * Double(count)))]
    }

    /// The middle of the sorted values, or the mean of the two in the middle; 0 if there are no values.
    var median: Double {
        guard count > 0, count.isMultiple(of: 2) else { return quantile(0.5) }
        let values = sorted()
        return (values[count / 2 - 1] + values[count / 2]) / 2
    }

    /// Returns the figures for p50, p90 and p99, each with the baseline's figure.
    func figures(_ name: String, _ unit: String, baseline: [Double]? = nil) -> [BenchFigure] {
        [(0.5, "p50"), (0.9, "p90"), (0.99, "p99")].map { part, title in
            BenchFigure("\(name), \(title)", quantile(part), unit, baseline: baseline?.quantile(part))
        }
    }
}

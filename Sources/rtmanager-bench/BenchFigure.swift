/// One figure, beside its floor of the same run where it has one.
struct BenchFigure: Sendable, Equatable, Encodable {
    var name: String
    var value: Double
    var unit: String
    /// The same of the cheapest that there can be.
    var floor: Double?
    /// Value for each of the floor: of the two, or the median of such pairs.
    var ratio: Double?

    init(_ name: String, _ value: Double, _ unit: String, floor: Double? = nil, ratio: Double? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.floor = floor
        let quotient = ratio ?? floor.map { value / $0 }
        self.ratio = quotient.flatMap { $0.isFinite ? $0 : nil }
    }

    /// For people: name, value and floor under each other.
    var line: String {
        var text = Self.padded(name, 52) + Self.padded(Self.short(value) + (unit.isEmpty ? "" : " " + unit), 16)
        if let floor { text += "floor \(Self.short(floor))\(unit.isEmpty ? "" : " " + unit)" }
        if let ratio { text += (floor == nil ? "" : ", ") + "ratio \(Self.short(ratio))" }
        return text
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    /// Three digits, or all before the point.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let decimals = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2
        let scale = [1.0, 10, 100][decimals]
        let rounded = (value * scale).rounded() / scale
        return decimals == 0 ? String(Int(rounded)) : String(rounded)
    }
}

/// What one form came to.
struct BenchReport: Sendable, Equatable, Encodable {
    var form: BenchForm
    var figures: [BenchFigure]

    /// For people.
    var lines: [String] { [form.rawValue] + figures.map { "  " + $0.line } }
}

extension [Double] {
    /// The value below which `part` of them lie; 0 where there are none.
    func quantile(_ part: Double) -> Double {
        guard !isEmpty else { return 0 }
        return sorted()[Swift.min(count - 1, Int(part * Double(count)))]
    }

    var median: Double { quantile(0.5) }

    /// The usual three quantiles, each beside that of `floor`.
    func figures(_ name: String, _ unit: String, floor: [Double]? = nil) -> [BenchFigure] {
        [(0.5, "p50"), (0.9, "p90"), (0.99, "p99")].map { part, title in
            BenchFigure("\(name), \(title)", quantile(part), unit, floor: floor?.quantile(part))
        }
    }
}

import Terminal

/// A small chart of a figure over time, as SVG.
package struct Chart: Sendable, Equatable {
    package enum Form: Sendable, Equatable { case line, bars }

    package var name: String
    package var form: Form
    /// The values at equal distances, the oldest first; nil where nothing was counted.
    package var values: [Double?]
    /// The span of the values: `1 hour`.
    package var span: String
    /// Returns a value as a text for people.
    package var text: @Sendable (Double) -> String
    /// Why there is no point yet; nil: there are points.
    package var absence: String?

    package init(
        _ name: String,
        _ form: Form,
        _ values: [Double?],
        span: String,
        text: @escaping @Sendable (Double) -> String
    ) {
        self.name = name
        self.form = form
        self.values = values
        self.span = span
        self.text = text
    }

    package static func == (left: Chart, right: Chart) -> Bool {
        (left.name, left.form, left.values, left.span, left.absence)
            == (right.name, right.form, right.values, right.span, right.absence)
            && left.latest == right.latest && left.most == right.most
    }

    private static let height = 100.0

    private var known: [Double] { values.compactMap { $0 } }
    private var most: String { known.max().map(text) ?? "-" }
    private var latest: String { known.last.map(text) ?? "-" }

    /// The chart in words, for screen readers.
    private var summary: String { "\(name), last \(span): now \(latest), at most \(most)" }

    var html: String {
        if let absence {
            let caption = "<figcaption>\(HTMLText.escape(name)), last \(HTMLText.escape(span))</figcaption>"
            return "<figure>\(caption)\(HTMLText.element("p", absence, .dim))</figure>"
        }
        let begin = "<figcaption>\(HTMLText.escape(name)), last \(HTMLText.escape(span)): "
        let figures =
            known.isEmpty
            ? "no figures"
            : "<strong>\(HTMLText.escape(latest))</strong> now, at most \(HTMLText.escape(most))"
        let caption = begin + figures + "</figcaption>"
        let width = max(1, values.count - (form == .line ? 1 : 0))
        return
            "<figure>\(caption)<svg viewBox=\"0 0 \(width) \(Int(Self.height))\" preserveAspectRatio=\"none\" role=\"img\""
            + " aria-label=\"\(HTMLText.escape(summary))\">\(drawing)</svg></figure>"
    }

    private var drawing: String {
        let top = max(known.max() ?? 0, .leastNormalMagnitude)
        func y(_ value: Double) -> String { Self.number(Self.height - 2 - value / top * (Self.height - 6)) }
        switch form {
        case .bars:
            return values.enumerated().compactMap { index, value in
                guard let value, value > 0 else { return nil }
                let end = Self.height
                return "M\(index),\(Int(end))V\(y(value))h.8V\(Int(end))z"
            }.reduce(into: "<path class=\"bars\" d=\"") { $0 += $1 } + "\"/>"
        case .line:
            return runs.map { run in
                let points = run.map { "\($0.index),\(y($0.value))" }.joined(separator: "L")
                let floor = Int(Self.height)
                let area = "M\(run[0].index),\(floor)L\(points)L\(run[run.count - 1].index),\(floor)z"
                // A line of one point has no length.
                let dot = run.count == 1 ? "<path class=\"dot\" d=\"M\(points)h.01\"/>" : ""
                return "<path class=\"area\" d=\"\(area)\"/><path class=\"line\" d=\"M\(points)h.01\"/>\(dot)"
            }.joined()
        }
    }

    /// The parts of the line between gaps.
    private var runs: [[(index: Int, value: Double)]] {
        var runs: [[(index: Int, value: Double)]] = []
        var isOpen = false
        for (index, value) in values.enumerated() {
            guard let value else {
                isOpen = false
                continue
            }
            if isOpen { runs[runs.count - 1].append((index, value)) } else { runs.append([(index, value)]) }
            isOpen = true
        }
        return runs
    }

    /// Returns a number with one decimal, without a locale.
    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    static func html(_ charts: [Chart]) -> String {
        charts.isEmpty ? "" : "<div class=\"charts\">\n" + charts.map(\.html).joined(separator: "\n") + "\n</div>"
    }
}

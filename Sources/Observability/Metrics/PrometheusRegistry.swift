import CoreMetrics
import Synchronization

/// Keeps what the program measures, and tells it in Prometheus' text format (version 0.0.4).
///
/// A backend for swift-metrics. What is measured as a recorder without aggregation or as a meter is a gauge, a timer or an
/// aggregating recorder is a histogram; timers are told in seconds. The number of series is bounded: one more is
/// not kept, and `rtm_metrics_series_dropped_total` counts it.
package final class PrometheusRegistry: MetricsFactory {
    /// Names and values of a series' labels, sorted by name.
    typealias Labels = [(String, String)]

    private struct Family {
        var type: PrometheusSeries.Kind
        /// By the text of the labels.
        var series: [String: PrometheusSeries] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var count = 0
        var dropped = 0
    }

    private static let dropped = "rtm_metrics_series_dropped_total"

    private let help: [String: String]
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - help: one sentence for each metric that is known beforehand, by its name.
    ///   - limit: series that are kept at most.
    package init(help: [String: String] = [:], limit: Int = 4_096) {
        self.help = help
        self.limit = limit
    }

    /// Everything measured so far, one line per value.
    package var text: String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var lines: [String] = []
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            lines.append("# HELP \(name) \(Self.escaped(help[name] ?? "Measured by rtmanager.", quotes: false))")
            lines.append("# TYPE \(name) \(family.type.rawValue)")
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                lines += series.lines(name: name, labels: labels)
            }
        }
        lines.append("# HELP \(Self.dropped) Series that were not kept, because there were too many.")
        lines.append("# TYPE \(Self.dropped) counter")
        lines.append("\(Self.dropped) \(dropped)")
        return lines.joined(separator: "\n") + "\n"
    }

    private func series(_ label: String, _ dimensions: Labels, _ kind: PrometheusSeries.Kind) -> PrometheusSeries? {
        let name = Self.name(label)
        let labels = Self.text(of: dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? Family(type: kind)
            // One name has one type: what would make the page unreadable is left out.
            guard family.type == kind else { return nil }
            if let series = family.series[labels] { return series }
            guard state.count < limit else {
                state.dropped += 1
                return nil
            }
            let series = PrometheusSeries(kind)
            family.series[labels] = series
            state.families[name] = family
            state.count += 1
            return series
        }
    }

    /// `a="b",c="d"`
    private static func text(of dimensions: Labels) -> String {
        dimensions.sorted { $0.0 < $1.0 }
            .map { "\(name($0.0))=\"\(escaped($0.1, quotes: true))\"" }
            .joined(separator: ",")
    }

    /// Letters, digits and underscores, as Prometheus wants names.
    private static func name(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": Character(scalar)
            default: "_"
            }
        }
        let name = String(scalars)
        return name.first?.isNumber ?? true ? "_" + name : name
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? escaped.replacing("\"", with: "\\\"") : escaped
    }
}

extension PrometheusRegistry {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) ?? NOOPMetricsHandler.instance
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, aggregate ? .histogram : .gauge) ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) ?? NOOPMetricsHandler.instance
    }

    // What was measured stays on the page: a counter that vanishes looks like one that was set back.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

import CoreMetrics
import Synchronization

/// Collects the program's metrics and renders them in the text format of Prometheus, version 0.0.4.
///
/// The registry is a backend for swift-metrics. Meters and recorders without aggregation become gauges. Timers and
/// recorders with aggregation become histograms; timers count in seconds. The number of series is bounded. The registry
/// drops further series, and `rtm_metrics_series_dropped_total` counts the drops.
package final class PrometheusRegistry: MetricsFactory {
    /// The names and values of a series' labels.
    typealias Labels = [(String, String)]

    private struct Family {
        var type: PrometheusSeries.Kind
        /// The series, by the text of their labels.
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

    /// Creates an empty registry.
    ///
    /// - Parameters:
    ///   - help: A sentence for each known metric, by the metric's name.
    ///   - limit: The largest number of series.
    package init(help: [String: String] = [:], limit: Int = 4_096) {
        self.help = help
        self.limit = limit
    }

    /// All metrics as text, with a line for each value.
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
            // A name has a single type. A second type would make the page unreadable, so the registry leaves it out.
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

    /// Returns labels as `a="b",c="d"`, sorted by name.
    private static func text(of dimensions: Labels) -> String {
        dimensions.sorted { $0.0 < $1.0 }
            .map { "\(name($0.0))=\"\(escaped($0.1, quotes: true))\"" }
            .joined(separator: ",")
    }

    /// Returns `text` as a name for Prometheus: letters, digits and underscores.
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

    /// Takes a gauge off the page.
    private func remove(_ handler: any RecorderHandler) {
        guard let gone = handler as? PrometheusSeries, gone.kind == .gauge else { return }
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value === gone })?.key else { continue }
                state.families[name]?.series[labels] = nil
                if family.series.count == 1 { state.families[name] = nil }
                state.count -= 1
            }
        }
    }

    // Destroyed counters and histograms stay on the page, because a missing counter would look like a reset.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) {}
}

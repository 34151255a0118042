import Metrics
import Synchronization

/// The value of a gauge.
struct GaugeValue: Sendable, Equatable {
    /// The name and the value of a label.
    struct Dimension: Sendable, Equatable, Hashable {
        var name: String
        var value: String
    }

    var label: String
    var dimensions: [Dimension]
    var value: Double

    init(label: String, _ dimensions: KeyValuePairs<String, String>, _ value: Double) {
        self.label = label
        self.dimensions = dimensions.map { Dimension(name: $0.key, value: $0.value) }
        self.value = value
    }

    init(label: String, _ dimensions: KeyValuePairs<String, String>, _ value: Int) {
        self.init(label: label, dimensions, Double(value))
    }

    init(label: String, _ value: Int) { self.init(label: label, [:], Double(value)) }
}

/// Gauges that only some workers report, such as the leader of a node. A worker that reports them no longer must take them
/// off its page: an old value there would keep an alarm ringing, or silent.
final class GaugeSet: Sendable {
    private struct Name: Hashable {
        var label: String
        var dimensions: [GaugeValue.Dimension]
    }

    private let gauges = Mutex<[Name: Gauge]>([:])

    /// Records these values, and takes all other gauges of the set off the page.
    func replace(by values: [GaugeValue]) {
        gauges.withLock { gauges in
            var old = gauges
            for value in values {
                let name = Name(label: value.label, dimensions: value.dimensions)
                old[name] = nil
                let gauge =
                    gauges[name]
                    ?? Gauge(label: value.label, dimensions: value.dimensions.map { ($0.name, $0.value) })
                gauge.record(value.value)
                gauges[name] = gauge
            }
            for (name, gauge) in old {
                gauge.destroy()
                gauges[name] = nil
            }
        }
    }
}

import CoreMetrics
import Synchronization

/// A value or a histogram, with a name and a set of labels.
final class PrometheusSeries: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    private struct State {
        /// The value of a counter or gauge, or the sum of a histogram.
        var value = 0.0
        var count = 0
        /// The number of observations in each bucket. An observation counts only in the smallest matching bucket.
        var buckets: [Int]
    }

    /// The upper bounds of the buckets, in seconds. The range covers a call of Redis as well as the pull of an image.
    static let bounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900,
    ]

    let kind: Kind
    private let state: Mutex<State>

    init(_ kind: Kind) {
        self.kind = kind
        state = Mutex(State(buckets: kind == .histogram ? Array(repeating: 0, count: Self.bounds.count) : []))
    }

    func increment(by amount: Int64) { state.withLock { $0.value += Double(amount) } }
    func reset() { state.withLock { $0.value = 0 } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0.value = value } }
    func increment(by amount: Double) { state.withLock { $0.value += amount } }
    func decrement(by amount: Double) { state.withLock { $0.value -= amount } }
    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Double) {
        guard kind == .histogram else { return set(value) }
        let bucket = Self.bounds.firstIndex { value <= $0 }
        state.withLock { state in
            state.value += value
            state.count += 1
            if let bucket { state.buckets[bucket] += 1 }
        }
    }

    /// Returns the series in the text format of Prometheus.
    ///
    /// - Parameter labels: Labels as `a="b",c="d"`, or an empty text.
    func lines(name: String, labels: String) -> [String] {
        let state = state.withLock { $0 }
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        guard kind == .histogram else { return ["\(name)\(braces) \(Self.number(state.value))"] }
        let separator = labels.isEmpty ? "" : ","
        var lines: [String] = []
        var sum = 0
        for (bound, count) in zip(Self.bounds, state.buckets) {
            sum += count
            lines.append("\(name)_bucket{\(labels)\(separator)le=\"\(Self.number(bound))\"} \(sum)")
        }
        lines.append("\(name)_bucket{\(labels)\(separator)le=\"+Inf\"} \(state.count)")
        lines.append("\(name)_sum\(braces) \(Self.number(state.value))")
        lines.append("\(name)_count\(braces) \(state.count)")
        return lines
    }

    /// Returns a number as text. Whole numbers have no fraction.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }
}

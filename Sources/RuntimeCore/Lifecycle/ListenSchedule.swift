/// Decides how a leader learns of changes: from Docker's event stream, or by comparing lists. Pure.
///
/// A Docker Engine may refuse its events and still answer other calls. After two refused streams in a row, the leader
/// compares lists for a time, and then tries the stream once. Each further refusal doubles the time, up to a bound.
package struct ListenSchedule: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        /// Follow the event stream, and compare lists every minute.
        case follow
        /// Compare lists every two seconds for this time.
        case compare(for: Duration)
    }

    /// A stream that ends sooner counts as refused.
    package static let shortestStream = Duration.seconds(1)
    package static let firstComparison = Duration.seconds(5)
    package static let longestComparison = Duration.seconds(30)
    /// Refused streams in a row before the first comparison.
    private static let mostRefusals = 2

    package private(set) var mode = Mode.follow
    private var refusals = 0

    package init() {}

    /// Records the end of a stream.
    ///
    /// - Parameters:
    ///   - lasted: The time since the request for the stream.
    ///   - isDockerAway: Whether Docker answers no call at all. A comparison would fail, too.
    package mutating func streamEnded(after lasted: Duration, isDockerAway: Bool) {
        refusals = lasted >= Self.shortestStream || isDockerAway ? 0 : refusals + 1
        guard refusals >= Self.mostRefusals else { return mode = .follow }
        let doublings = min(refusals - Self.mostRefusals, 3)
        mode = .compare(for: min(Self.firstComparison * (1 << doublings), Self.longestComparison))
    }

    /// Records the end of a comparison: the stream is next.
    package mutating func comparisonEnded() { mode = .follow }
}

/// Decides how a leader learns of changes: from Docker's event stream, or by comparing lists. Pure.
///
/// A Docker Engine may refuse its events and still answer other calls. After two refused streams in a row, the leader
/// compares lists until Docker accepts a stream again. Each further refusal doubles the time before the next try, up to
/// a bound.
package struct ListenSchedule: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        /// Follow the event stream, and compare lists every minute.
        case follow
        /// Compare lists every two seconds, and try the stream after this time.
        case compare(tryAfter: Duration)
    }

    /// A stream that ends sooner counts as refused.
    package static let shortestStream = Duration.seconds(1)
    package static let firstPause = Duration.seconds(5)
    package static let longestPause = Duration.seconds(30)
    /// Refused streams in a row before the first comparison.
    private static let mostRefusals = 2

    private var refusals = 0

    package init() {}

    package var mode: Mode {
        guard refusals >= Self.mostRefusals else { return .follow }
        let doublings = min(refusals - Self.mostRefusals, 3)
        return .compare(tryAfter: min(Self.firstPause * (1 << doublings), Self.longestPause))
    }

    /// Records the end of a stream, or of a try.
    ///
    /// - Parameters:
    ///   - lasted: The time since Docker accepted the stream, or nil if Docker refused the stream.
    ///   - isDockerAway: Whether Docker answers no call at all. A comparison would fail, too.
    package mutating func streamEnded(after lasted: Duration?, isDockerAway: Bool) {
        let wasRefused = lasted.map { $0 < Self.shortestStream } ?? true
        refusals = wasRefused && !isDockerAway ? refusals + 1 : 0
    }
}

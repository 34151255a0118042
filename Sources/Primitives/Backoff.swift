/// Delays between attempts of something that fails: they double with each failure in a row, up to a cap.
///
/// A part of each delay is random, so that many clients of one server do not come back together.
public struct Backoff: Sendable, Equatable {
    /// The bound of the first delay.
    public var base: Duration
    /// The bound of every delay.
    public var cap: Duration
    /// The part of a delay that is random: 0 (none) to 1 (all, "full jitter").
    package var jitter: Double

    /// Creates a back-off whose delays are between nothing and their bounds.
    public init(base: Duration = .milliseconds(50), cap: Duration = .seconds(2)) {
        self.init(base: base, cap: cap, jitter: 1)
    }

    package init(base: Duration, cap: Duration, jitter: Double) {
        self.base = base
        self.cap = cap
        self.jitter = jitter
    }

    /// Most doublings that are computed. Every cap is reached before.
    private static let mostDoublings = 30

    /// Returns the bound of the delay after the failed attempt number `attempt`; 0 is the first in a row.
    package func longestDelay(attempt: Int) -> Duration {
        min(base * (1 << min(max(attempt, 0), Self.mostDoublings)), cap)
    }

    /// Returns the delay before the next attempt.
    ///
    /// - Parameters:
    ///   - attempt: The number of the attempt that failed; 0 is the first in a row.
    ///   - random: A random number from 0 to 1, evenly distributed.
    public func delay(attempt: Int, random: Double) -> Duration {
        longestDelay(attempt: attempt) * (1 - jitter + jitter * min(max(random, 0), 1))
    }
}

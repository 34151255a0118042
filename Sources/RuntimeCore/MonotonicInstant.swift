import Primitives

/// An instant of a clock that never goes back. The clock also counts the time during which the machine was suspended.
///
/// Decisions receive instants as parameters; only their callers read the clock.
package struct MonotonicInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since a fixed point, usually the start of the machine.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Returns this instant moved by `duration`.
    package func advanced(by duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: nanoseconds + duration.nanoseconds)
    }

    /// Returns the time from this instant to `other`; negative if `other` is earlier.
    package func duration(to other: MonotonicInstant) -> Duration { .nanoseconds(other.nanoseconds - nanoseconds) }
}

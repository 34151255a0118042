/// A reading of a clock that never goes back and counts the time in which the machine was suspended.
/// Decisions take it as a parameter; the shells read it.
package struct MonotonicInstant: Sendable, Hashable, Comparable {
    /// Nanoseconds since some fixed point, the start of the machine as a rule.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// This instant moved by `duration`.
    package func advanced(by duration: Duration) -> MonotonicInstant {
        let (seconds, attoseconds) = duration.components
        return MonotonicInstant(nanoseconds: nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    /// Time from this instant to `other`; negative where `other` is before it.
    package func duration(to other: MonotonicInstant) -> Duration { .nanoseconds(other.nanoseconds - nanoseconds) }
}

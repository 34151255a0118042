import JobQueue
import Primitives
import RuntimeCore

/// How long the oldest work of each queue has waited. Pure.
///
/// A producer may leave the push time out. Then the wait begins when the watch first saw the work.
struct WaitClock: Equatable {
    /// When the watch first saw the works of a queue that came first in the last round.
    private var seen: [String: [String: MonotonicInstant]] = [:]

    /// Returns the longest wait of these works.
    ///
    /// - Parameters:
    ///   - works: What comes first at each place of the queue.
    ///   - now: The time of Redis in ms since 1970.
    ///   - instant: The same moment on the worker's own clock.
    mutating func longestWait(
        in queue: String,
        _ works: [OldestWork],
        now: Int64,
        instant: MonotonicInstant
    ) -> Duration {
        let before = seen[queue] ?? [:]
        var current: [String: MonotonicInstant] = [:]
        var longest = Duration.zero
        for work in works {
            let first = before[work.id] ?? instant
            current[work.id] = first
            let wait =
                work.pushedAt.map { Duration.milliseconds(now - $0.millisecondsSinceEpoch) }
                ?? first.duration(to: instant)
            longest = max(longest, wait)
        }
        seen[queue] = current
        return longest
    }
}

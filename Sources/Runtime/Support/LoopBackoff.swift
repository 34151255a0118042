import Primitives

/// The pauses of one loop while its calls fail.
struct LoopBackoff: Sendable {
    /// Half of each pause is random.
    private static let backoff = Backoff(base: .milliseconds(50), cap: .seconds(2), jitter: 0.5)

    private var failures = 0

    mutating func succeeded() { failures = 0 }

    /// Sleeps after a failure. Returns early if the task is cancelled.
    mutating func pause() async {
        let delay = Self.backoff.delay(attempt: failures, random: RandomSource.fraction())
        failures += 1
        try? await MonotonicClock.sleep(for: delay)
    }
}

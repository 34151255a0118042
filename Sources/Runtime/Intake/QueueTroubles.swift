import Primitives
import RuntimeCore

/// The queues whose messages Redis refuses to give. Each queue has its own back-off, so a bad queue stops no other
/// queue.
struct QueueTroubles: Equatable {
    private struct Trouble: Equatable {
        var failures: Int
        var until: MonotonicInstant
    }

    private static let backoff = Backoff(base: .milliseconds(250), cap: .seconds(5))
    static var firstPause: Duration { backoff.longestDelay(attempt: 0) }

    private var troubles: [String: Trouble] = [:]

    /// Returns whether the worker may ask for messages of the queue.
    func mayTry(_ queue: String, now: MonotonicInstant) -> Bool {
        troubles[queue].map { $0.until <= now } ?? true
    }

    mutating func succeeded(_ queue: String) { troubles[queue] = nil }

    /// Notes a failure. The pause doubles with each failure in a row, up to ``longestPause``.
    mutating func failed(_ queue: String, now: MonotonicInstant) {
        let failures = troubles[queue]?.failures ?? 0
        let pause = Self.backoff.longestDelay(attempt: failures)
        troubles[queue] = Trouble(failures: failures + 1, until: now.advanced(by: pause))
    }
}

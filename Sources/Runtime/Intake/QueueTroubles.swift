import RuntimeCore

/// The queues whose messages Redis refuses to give. Each queue has its own back-off, so a bad queue stops no other
/// queue.
struct QueueTroubles: Equatable {
    private struct Trouble: Equatable {
        var pause: Duration
        var until: MonotonicInstant
    }

    static let firstPause = Duration.milliseconds(250)
    static let longestPause = Duration.seconds(5)

    private var troubles: [String: Trouble] = [:]

    /// Returns whether the worker may ask for messages of the queue.
    func mayTry(_ queue: String, now: MonotonicInstant) -> Bool {
        troubles[queue].map { $0.until <= now } ?? true
    }

    mutating func succeeded(_ queue: String) { troubles[queue] = nil }

    /// Notes a failure. The pause doubles with each failure in a row, up to ``longestPause``.
    mutating func failed(_ queue: String, now: MonotonicInstant) {
        let pause = min(troubles[queue].map { $0.pause * 2 } ?? Self.firstPause, Self.longestPause)
        troubles[queue] = Trouble(pause: pause, until: now.advanced(by: pause))
    }
}

import RuntimeCore

/// Queues of which Redis refuses to give messages, each with a back-off of its own, so that one of them stops no other.
struct QueueTroubles: Equatable {
    private struct Trouble: Equatable {
        var pause: Duration
        var until: MonotonicInstant
    }

    static let firstPause = Duration.milliseconds(250)
    static let longestPause = Duration.seconds(5)

    private var troubles: [String: Trouble] = [:]

    /// Whether to ask for messages of the queue.
    func mayTry(_ queue: String, now: MonotonicInstant) -> Bool {
        troubles[queue].map { $0.until <= now } ?? true
    }

    mutating func succeeded(_ queue: String) { troubles[queue] = nil }

    /// The pause doubles with each failure in a row.
    mutating func failed(_ queue: String, now: MonotonicInstant) {
        let pause = min(troubles[queue].map { $0.pause * 2 } ?? Self.firstPause, Self.longestPause)
        troubles[queue] = Trouble(pause: pause, until: now.advanced(by: pause))
    }
}

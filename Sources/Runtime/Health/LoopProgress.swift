import RuntimeCore

/// The health of a worker's consume loop, as recorded by the loop itself.
///
/// A loop waiting for work is healthy. A loop is stuck if its rounds fail again and again, or if a round does not end.
/// Other connections of the worker say nothing about the loop.
struct LoopProgress: Equatable {
    /// How long consecutive rounds may fail before the loop reports a problem. A broken connection usually recovers
    /// sooner.
    static let patience = Duration.seconds(2)
    /// Longest time of a round. The calls to Redis in a round have deadlines of 5 s.
    static let longestRound = Duration.seconds(15)

    private enum Phase: Equatable {
        /// The worker is not registered yet.
        case joining
        case waiting
        case inRound(since: MonotonicInstant)
    }

    private var phase = Phase.joining
    private var failingSince: MonotonicInstant?
    /// The error of the last registration or the last round.
    private var error: String?

    /// Records a failed registration. Later failures do not count once the worker is registered.
    mutating func couldNotJoin(_ error: String) {
        if phase == .joining { self.error = error }
    }

    mutating func joined() {
        guard phase == .joining else { return }
        (phase, error) = (.waiting, nil)
    }

    mutating func begins(now: MonotonicInstant) { phase = .inRound(since: now) }

    /// Records a successful round.
    mutating func succeeded() { (phase, failingSince, error) = (.waiting, nil, nil) }

    mutating func failed(_ error: String, now: MonotonicInstant) {
        (phase, self.error) = (.waiting, error)
        failingSince = failingSince ?? now
    }

    /// Returns the problem of the loop as a sentence, or nil for a healthy loop.
    func problem(now: MonotonicInstant) -> String? {
        if phase == .joining {
            return "the worker has not joined yet" + (error.map { ": \($0)" } ?? "")
        }
        if let failingSince, failingSince.advanced(by: Self.patience) <= now {
            let seconds = failingSince.duration(to: now).components.seconds
            return "taking jobs has failed for \(seconds) s: \(error ?? "unknown")"
        }
        if case .inRound(let since) = phase, since.advanced(by: Self.longestRound) <= now {
            return "a round over the queues has not ended for \(since.duration(to: now).components.seconds) s"
        }
        return nil
    }
}

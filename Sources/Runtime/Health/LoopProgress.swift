import RuntimeCore

/// How the consume loop of a worker gets on, as the loop itself has noted it.
///
/// A loop that waits for work because there is none gets on. One whose rounds fail again and again, or that does not come
/// back from a round, does not, whatever other connections of the worker say.
struct LoopProgress: Equatable {
    /// How long rounds may fail in a row before that is told: a connection that broke is back sooner.
    static let patience = Duration.seconds(2)
    /// How long one round may take. Its calls to Redis have deadlines of 5 s.
    static let longestRound = Duration.seconds(15)

    private enum Phase: Equatable {
        /// The worker has not joined its fleet yet.
        case joining
        case waiting
        case inRound(since: MonotonicInstant)
    }

    private var phase = Phase.joining
    private var failingSince: MonotonicInstant?
    /// What the last attempt to join, or the last round, has failed with.
    private var error: String?

    /// An attempt to join, or to join anew, has failed.
    mutating func couldNotJoin(_ error: String) {
        if phase == .joining { self.error = error }
    }

    mutating func joined() {
        guard phase == .joining else { return }
        (phase, error) = (.waiting, nil)
    }

    mutating func begins(now: MonotonicInstant) { phase = .inRound(since: now) }

    /// A round has ended well.
    mutating func succeeded() { (phase, failingSince, error) = (.waiting, nil, nil) }

    mutating func failed(_ error: String, now: MonotonicInstant) {
        (phase, self.error) = (.waiting, error)
        failingSince = failingSince ?? now
    }

    /// Why the loop does not get on, as a sentence; nil: it does.
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

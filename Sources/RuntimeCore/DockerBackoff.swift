import Primitives

/// The pause before the next check of an unreachable Docker Engine.
///
/// During its start or shutdown, a Docker Engine may answer pings and refuse all other calls. A worker trusting every
/// ping would claim jobs and give them back in a tight loop. Each relapse soon after a recovery therefore doubles the
/// pause.
package struct DockerBackoff: Sendable, Equatable {
    private let backoff: Backoff
    /// A recovery of this length counts as real.
    private let trust: Duration
    private var relapses = 0
    private var lastReturn: MonotonicInstant?

    package init(base: Duration = .milliseconds(250), cap: Duration = .seconds(4), trust: Duration = .seconds(10)) {
        backoff = Backoff(base: base, cap: cap)
        self.trust = trust
    }

    /// Records an answer of the Docker Engine.
    package mutating func answered(now: MonotonicInstant) { lastReturn = lastReturn ?? now }

    /// Records a failed call. Returns the pause before the next check.
    package mutating func lost(now: MonotonicInstant) -> Duration {
        // Several reports of the same loss do not increase the pause.
        if let lastReturn { relapses = lastReturn.duration(to: now) < trust ? relapses + 1 : 0 }
        lastReturn = nil
        return backoff.longestDelay(attempt: relapses)
    }
}

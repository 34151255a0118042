/// The election of a node's leader, as a pure state machine of a single candidate.
///
/// A term is a pair of holder and epoch. The candidate trusts its term only until `request start + TTL - margin`, so a
/// slow answer cannot extend the trust. Redis remains the authority and refuses old epochs.
package struct Leadership: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Another candidate leads, or nobody leads. Next state: leader.
        case follower(nextAttempt: MonotonicInstant)
        /// This candidate leads at least until `trustedUntil`. Next states: leader (after a renewal), follower.
        case leader(epoch: Int64, trustedUntil: MonotonicInstant, nextRenewal: MonotonicInstant)
    }

    /// The next step of the caller.
    package enum Step: Sendable, Equatable {
        /// Do nothing before this instant.
        case wait(until: MonotonicInstant)
        /// Ask Redis for the lease, or for a renewal of the lease.
        case ask(epoch: Int64?)
        /// The term is no longer trusted: stop all work of the term.
        case standDown
    }

    /// The answer of Redis.
    package enum Answer: Sendable, Equatable {
        case granted(epoch: Int64)
        /// Another candidate holds the lease for at most this time.
        case held(remaining: Duration)
        case failed
    }

    package private(set) var state: State
    private let ttl: Duration

    /// The untrusted end of the TTL. Covers different clock speeds and scheduling delays.
    private var margin: Duration { ttl / 10 }
    private var renewalInterval: Duration { ttl / 2 }
    /// Pause between two attempts of a follower if Redis does not answer, or after the end of the follower's own term.
    private var attemptInterval: Duration { ttl * 3 / 10 }

    /// Creates a follower.
    ///
    /// - Parameter ttl: How long Redis keeps a lease without a renewal.
    package init(ttl: Duration, now: MonotonicInstant) {
        self.ttl = ttl
        state = .follower(nextAttempt: now)
    }

    package func step(now: MonotonicInstant) -> Step {
        switch state {
        case .follower(let nextAttempt):
            return now >= nextAttempt ? .ask(epoch: nil) : .wait(until: nextAttempt)
        case .leader(let epoch, let trustedUntil, let nextRenewal):
            if now >= trustedUntil { return .standDown }
            return now >= nextRenewal ? .ask(epoch: epoch) : .wait(until: min(nextRenewal, trustedUntil))
        }
    }

    /// Records the answer of Redis to a request begun at `requestStart`.
    ///
    /// - Parameter random: 0 to 1; spreads the next attempts of many followers.
    package mutating func answered(
        _ answer: Answer,
        requestStart: MonotonicInstant,
        now: MonotonicInstant,
        random: Double
    ) {
        switch (answer, state) {
        case (.granted(let epoch), _):
            state = .leader(
                epoch: epoch,
                trustedUntil: requestStart.advanced(by: ttl - margin),
                nextRenewal: requestStart.advanced(by: renewalInterval)
            )
        case (.held(let remaining), _):
            // Asks again just after the lease may have ended. A random delay spreads the followers.
            let pause = min(max(remaining, .milliseconds(50)), ttl) + ttl / 10 * random
            state = .follower(nextAttempt: now.advanced(by: pause))
        case (.failed, .follower):
            state = .follower(nextAttempt: now.advanced(by: attemptInterval * (0.5 + random / 2)))
        case (.failed, .leader(let epoch, let trustedUntil, _)):
            state = .leader(
                epoch: epoch,
                trustedUntil: trustedUntil,
                nextRenewal: now.advanced(by: attemptInterval / 4 * (0.5 + random / 2))
            )
        }
    }

    /// Records the end of the candidate's own term: the caller ended the term, or the term was no longer trusted.
    package mutating func stoodDown(now: MonotonicInstant, random: Double) {
        state = .follower(nextAttempt: now.advanced(by: attemptInterval * (0.5 + random / 2)))
    }

    /// Records another candidate's resignation. A follower asks almost at once, after a random delay.
    package mutating func leaderResigned(now: MonotonicInstant, random: Double) {
        guard case .follower = state else { return }
        state = .follower(nextAttempt: now.advanced(by: .milliseconds(50) * random))
    }
}

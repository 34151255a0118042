/// Who listens to a node's events: a pure machine of one candidate.
///
/// A term is (holder, epoch). The candidate trusts its term only until `request start + TTL - margin`, so
/// that a slow answer cannot stretch it; Redis stays the authority and refuses an old epoch.
package struct Leadership: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Another candidate leads, or nobody does. Leads to: leader.
        case follower(nextAttempt: MonotonicInstant)
        /// This candidate leads until `trustedUntil` at least. Leads to: leader (renewed), follower.
        case leader(epoch: Int64, trustedUntil: MonotonicInstant, nextRenewal: MonotonicInstant)
    }

    /// What the shell does next.
    package enum Step: Sendable, Equatable {
        /// Nothing before this instant.
        case wait(until: MonotonicInstant)
        /// Ask Redis for the lease, or for more of it.
        case ask(epoch: Int64?)
        /// The term can no longer be trusted: stop everything that belongs to it.
        case standDown
    }

    /// What Redis answered.
    package enum Answer: Sendable, Equatable {
        case granted(epoch: Int64)
        /// Another candidate holds the lease for so long at most.
        case held(remaining: Duration)
        case failed
    }

    package private(set) var state: State
    private let ttl: Duration

    /// Part of the TTL that is not trusted, for clocks that run at different speed and for scheduling.
    private var margin: Duration { ttl / 10 }
    private var renewalInterval: Duration { ttl / 2 }
    /// Between two attempts of a follower that Redis does not answer, or that has just stood down.
    private var attemptInterval: Duration { ttl * 3 / 10 }

    /// - Parameter ttl: how long Redis keeps a lease that is not renewed.
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

    /// Takes Redis' answer to a request that was begun at `requestStart`.
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
            // Asking again right when the lease may have run out, each follower at another moment after it.
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

    /// The term ended, by the shell's own doing or because it could not be trusted any more.
    package mutating func stoodDown(now: MonotonicInstant, random: Double) {
        state = .follower(nextAttempt: now.advanced(by: attemptInterval * (0.5 + random / 2)))
    }

    /// Another candidate says that it resigned: ask at once, each at another moment.
    package mutating func leaderResigned(now: MonotonicInstant, random: Double) {
        guard case .follower = state else { return }
        state = .follower(nextAttempt: now.advanced(by: .milliseconds(50) * random))
    }
}

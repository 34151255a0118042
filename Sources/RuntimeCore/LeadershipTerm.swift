/// A term of leadership over a node.
package struct LeaderTerm: Sendable, Equatable {
    /// The fencing number of all events published in the term.
    package let epoch: Int64
    /// The time on Docker's clock up to which earlier terms have published; nil without an earlier term.
    package let cursor: String?
    /// The end of the trust in the lease, on this machine's clock. A renewal moves the end.
    package fileprivate(set) var trustedUntil: MonotonicInstant
    fileprivate var nextRenewal: MonotonicInstant
}

/// The election of a node's leader, as a pure state machine of a single candidate. The only place that knows the term.
///
/// A term is a pair of holder and epoch. The candidate trusts its term only until `request start + TTL - margin`, so a
/// slow answer cannot extend the trust. Redis remains the authority and refuses old epochs.
package struct Leadership: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Another candidate leads, or nobody leads. Next state: leader.
        ///
        /// - otherEpoch: The last known term of another candidate. During that term nobody else can have the lease.
        case follower(nextAttempt: MonotonicInstant, otherEpoch: Int64?)
        /// This candidate leads. Next states: leader (after a renewal), follower.
        case leader(LeaderTerm)
    }

    /// A request to Redis.
    package enum Request: Sendable, Equatable {
        case lease
        /// The remaining time of another candidate's term. Costs Redis less than a request for the lease.
        case remainder(ofEpoch: Int64)
        case renewal(LeaderTerm)
    }

    /// The next step of the caller.
    package enum Step: Sendable, Equatable {
        /// Do nothing before this instant.
        case wait(until: MonotonicInstant)
        case ask(Request)
        /// The term is no longer trusted: stop all work of the term.
        case standDown
    }

    /// The answer of Redis.
    package enum Answer: Sendable, Equatable {
        case granted(epoch: Int64, cursor: String?)
        case renewed
        /// Another candidate holds the lease for at most this time. The epoch is nil if unknown.
        case held(remaining: Duration, epoch: Int64?)
        /// The term of the other candidate has ended.
        case expired
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
        state = .follower(nextAttempt: now, otherEpoch: nil)
    }

    package func step(now: MonotonicInstant) -> Step {
        switch state {
        case .follower(let nextAttempt, let otherEpoch):
            guard now >= nextAttempt else { return .wait(until: nextAttempt) }
            return .ask(otherEpoch.map { .remainder(ofEpoch: $0) } ?? .lease)
        case .leader(let term):
            if now >= term.trustedUntil { return .standDown }
            return now >= term.nextRenewal
                ? .ask(.renewal(term)) : .wait(until: min(term.nextRenewal, term.trustedUntil))
        }
    }

    /// Records the answer of Redis to a request sent at `requestStart`.
    ///
    /// - Parameter random: 0 to 1; spreads the next attempts of many followers.
    package mutating func answered(
        _ answer: Answer,
        requestStart: MonotonicInstant,
        now: MonotonicInstant,
        random: Double
    ) {
        switch (answer, state) {
        case (.granted(let epoch, let cursor), _):
            state = .leader(
                trusted(LeaderTerm(epoch: epoch, cursor: cursor, trustedUntil: now, nextRenewal: now), requestStart)
            )
        case (.renewed, .leader(let term)):
            state = .leader(trusted(term, requestStart))
        case (.held(let remaining, let epoch), _):
            // Asks again just after the lease may have ended. A random delay spreads the followers.
            let pause = min(max(remaining, .milliseconds(50)), ttl) + ttl / 10 * random
            state = .follower(nextAttempt: now.advanced(by: pause), otherEpoch: epoch)
        case (.expired, .follower):
            state = .follower(nextAttempt: now, otherEpoch: nil)
        case (.failed, .leader(var term)):
            term.nextRenewal = now.advanced(by: attemptInterval / 4 * (0.5 + random / 2))
            state = .leader(term)
        case (.failed, .follower), (.renewed, .follower), (.expired, .leader):
            stoodDown(now: now, random: random)
        }
    }

    private func trusted(_ term: LeaderTerm, _ requestStart: MonotonicInstant) -> LeaderTerm {
        var term = term
        term.trustedUntil = requestStart.advanced(by: ttl - margin)
        term.nextRenewal = requestStart.advanced(by: renewalInterval)
        return term
    }

    /// Records the end of the candidate's own term: the caller ended the term, or the term was no longer trusted.
    package mutating func stoodDown(now: MonotonicInstant, random: Double) {
        follow(from: now.advanced(by: attemptInterval * (0.5 + random / 2)))
    }

    /// Records another candidate's resignation. A follower asks almost at once, after a random delay.
    package mutating func leaderResigned(now: MonotonicInstant, random: Double) {
        guard case .follower = state else { return }
        follow(from: now.advanced(by: .milliseconds(50) * random))
    }

    private mutating func follow(from nextAttempt: MonotonicInstant) {
        var known: Int64?
        if case .follower(_, let epoch) = state { known = epoch }
        state = .follower(nextAttempt: nextAttempt, otherEpoch: known)
    }
}

import JobQueue
import Logging
import Primitives
import RuntimeCore

/// A term of leadership over a node.
struct Term: Sendable, Equatable {
    /// The fencing number of all events published in the term.
    let epoch: Int64
    /// Time on the Docker Engine's clock up to which earlier terms have published.
    let cursor: String?
}

/// A candidate for the leadership of a node. During its terms the candidate does the work of the leader.
/// ``RuntimeCore/Leadership`` decides the steps.
struct Candidate: Sendable {
    let queue: any DeliveryQueue
    let ttl: Duration
    /// Raised when a leader of this node has resigned.
    let leaderResigned: WakeSignal
    let logger: Logger

    /// Runs until the task is cancelled.
    ///
    /// - Parameter whileLeading: The work of a leader, run once per term. The end of the term cancels the work; the
    ///   next term begins only after the work has returned.
    func run(_ whileLeading: @Sendable @escaping (Term) async -> Void) async {
        var leadership = Leadership(ttl: ttl, now: MonotonicClock.now)
        var other: Int64?
        while !Task.isCancelled {
            switch leadership.step(now: MonotonicClock.now) {
            case .wait(let until):
                if await leaderResigned.wait(atMost: Self.pause(until)) {
                    leadership.leaderResigned(now: MonotonicClock.now, random: RandomSource.fraction())
                }
            case .standDown:
                leadership.stoodDown(now: MonotonicClock.now, random: RandomSource.fraction())
            case .ask:
                let cursor = await ask(&leadership, &other)
                guard case .leader(let granted, _, _) = leadership.state else { continue }
                await lead(&leadership, Term(epoch: granted, cursor: cursor), whileLeading)
            }
        }
    }

    /// Asks Redis for the lease. Returns the cursor if Redis granted the lease.
    ///
    /// - Parameter other: The last known term of another candidate. During that term nobody else can have the lease, so
    ///   a cheaper check of the term is enough.
    private func ask(_ leadership: inout Leadership, _ other: inout Int64?) async -> String? {
        let requestStart = MonotonicClock.now
        var cursor: String?
        let answer: Leadership.Answer
        do throws(QueueError) {
            if let other, let left = try await queue.remainder(ofTerm: other) {
                answer = .held(remaining: left)
            } else {
                switch try await queue.lead(ttl: ttl) {
                case .granted(let epoch, let last):
                    answer = .granted(epoch: epoch)
                    cursor = last
                case .held(let remaining, let holder):
                    answer = .held(remaining: remaining)
                    other = holder
                }
            }
        } catch {
            answer = .failed
        }
        leadership.answered(
            answer,
            requestStart: requestStart,
            now: MonotonicClock.now,
            random: RandomSource.fraction()
        )
        return cursor
    }

    /// Leads for a term: runs the leader's work, and renews the term meanwhile.
    private func lead(
        _ leadership: inout Leadership,
        _ term: Term,
        _ whileLeading: @Sendable @escaping (Term) async -> Void
    ) async {
        Failpoint.reached(.leaseGranted)
        logger.notice("listening to the node's events", metadata: ["epoch": "\(term.epoch)"])
        RuntimeMetrics.leading(true)
        defer { RuntimeMetrics.leading(false) }
        var machine = leadership
        await withTaskGroup(of: Void.self) { group in
            let hasEnded = WakeSignal()
            group.addTask {
                await whileLeading(term)
                hasEnded.raise()
            }
            await renew(&machine, term, until: hasEnded)
            group.cancelAll()
        }
        if Task.isCancelled {
            // The worker is ending. A resignation lets another worker lead without a wait for the end of the lease.
            await resign(term.epoch)
        } else {
            logger.warning("no longer listening to the node's events", metadata: ["epoch": "\(term.epoch)"])
        }
        machine.stoodDown(now: MonotonicClock.now, random: RandomSource.fraction())
        leadership = machine
    }

    /// Renews the term until its end. The term ends if the lease is lost, if the term is no longer trusted, if the
    /// leader's work returns, or if the task is cancelled.
    private func renew(_ machine: inout Leadership, _ term: Term, until hasEnded: WakeSignal) async {
        while !Task.isCancelled {
            switch machine.step(now: MonotonicClock.now) {
            case .wait(let until):
                if await hasEnded.wait(atMost: Self.pause(until)) { return }
            case .ask:
                await askForMore(&machine, term)
                guard case .leader = machine.state else { return }
            case .standDown:
                return
            }
        }
    }

    /// Asks Redis to renew the term. Waits no longer than the term is trusted.
    private func askForMore(_ machine: inout Leadership, _ term: Term) async {
        guard case .leader(_, let trustedUntil, _) = machine.state else { return }
        let requestStart = MonotonicClock.now
        // Not a deadline of the call itself: a missed deadline would close a connection shared with others.
        let lasts = try? await withDeadline(Self.pause(trustedUntil), sleep: MonotonicClock.sleep) {
            try await queue.renew(epoch: term.epoch, ttl: ttl)
        }
        let answer: Leadership.Answer =
            switch lasts {
            case true?: .granted(epoch: term.epoch)
            case false?: .held(remaining: .zero)
            case nil: .failed
            }
        machine.answered(answer, requestStart: requestStart, now: MonotonicClock.now, random: RandomSource.fraction())
    }

    private func resign(_ epoch: Int64) async {
        // A cancelled task cannot wait for Redis, so the resignation runs in a task without cancellation.
        await withCancellationShield {
            do throws(QueueError) { try await queue.resign(epoch: epoch) } catch {
                logger.debug("could not resign; the lease runs out", metadata: ["error": "\(error)"])
            }
        }
    }

    private static func pause(_ until: MonotonicInstant) -> Duration {
        max(MonotonicClock.now.duration(to: until), .milliseconds(1))
    }
}

import JobQueue
import Logging
import Primitives
import RuntimeCore

/// A candidate for the leadership of a node. During its terms the candidate does the work of the leader.
/// ``RuntimeCore/Leadership`` decides the steps, and keeps the term.
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
    func run(_ whileLeading: @Sendable @escaping (LeaderTerm) async -> Void) async {
        var leadership = Leadership(ttl: ttl, now: MonotonicClock.now)
        while !Task.isCancelled {
            switch leadership.step(now: MonotonicClock.now) {
            case .wait(let until):
                if await leaderResigned.wait(atMost: Self.pause(until)) {
                    leadership.leaderResigned(now: MonotonicClock.now, random: RandomSource.fraction())
                }
            case .ask(let request):
                await ask(request, &leadership)
                if case .leader(let term) = leadership.state { await lead(&leadership, term, whileLeading) }
            case .standDown:
                leadership.stoodDown(now: MonotonicClock.now, random: RandomSource.fraction())
            }
        }
    }

    /// Leads for a term: runs the leader's work, and renews the term meanwhile.
    private func lead(
        _ leadership: inout Leadership,
        _ term: LeaderTerm,
        _ whileLeading: @Sendable @escaping (LeaderTerm) async -> Void
    ) async {
        Failpoint.reached(.leaseGranted)
        logger.notice("listening to the node's events", metadata: ["epoch": "\(term.epoch)"])
        RuntimeMetrics.leading(true, node: queue.worker.node)
        defer { RuntimeMetrics.leading(false, node: queue.worker.node) }
        await withTaskGroup(of: Void.self) { group in
            let hasEnded = WakeSignal()
            group.addTask {
                await whileLeading(term)
                hasEnded.raise()
            }
            await renew(&leadership, until: hasEnded)
            group.cancelAll()
        }
        if Task.isCancelled {
            // The worker is ending. A resignation lets another worker lead without a wait for the end of the lease.
            await resign(term.epoch)
        } else {
            logger.warning("no longer listening to the node's events", metadata: ["epoch": "\(term.epoch)"])
        }
        leadership.stoodDown(now: MonotonicClock.now, random: RandomSource.fraction())
    }

    /// Renews the term until its end. The term ends if the lease is lost, if the term is no longer trusted, if the
    /// leader's work returns, or if the task is cancelled.
    private func renew(_ leadership: inout Leadership, until hasEnded: WakeSignal) async {
        while !Task.isCancelled, case .leader = leadership.state {
            switch leadership.step(now: MonotonicClock.now) {
            case .wait(let until): if await hasEnded.wait(atMost: Self.pause(until)) { return }
            case .ask(let request): await ask(request, &leadership)
            case .standDown: return
            }
        }
    }

    /// Sends the request to Redis, and records the answer.
    private func ask(_ request: Leadership.Request, _ leadership: inout Leadership) async {
        let requestStart = MonotonicClock.now
        let answer: Leadership.Answer
        do {
            answer = try await self.answer(to: request)
        } catch {
            answer = .failed
        }
        leadership.answered(
            answer,
            requestStart: requestStart,
            now: MonotonicClock.now,
            random: RandomSource.fraction()
        )
    }

    private func answer(to request: Leadership.Request) async throws -> Leadership.Answer {
        switch request {
        case .lease:
            switch try await queue.lead(ttl: ttl) {
            case .granted(let epoch, let cursor): .granted(epoch: epoch, cursor: cursor)
            case .held(let remaining, let epoch): .held(remaining: remaining, epoch: epoch)
            }
        case .remainder(let epoch):
            try await queue.remainder(ofTerm: epoch).map { .held(remaining: $0, epoch: epoch) } ?? .expired
        case .renewal(let term):
            // Not a deadline of the call itself: a missed deadline would close a connection shared with others.
            try await withDeadline(Self.pause(term.trustedUntil), sleep: MonotonicClock.sleep) {
                try await queue.renew(epoch: term.epoch, ttl: ttl)
            } ? .renewed : .held(remaining: .zero, epoch: nil)
        }
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

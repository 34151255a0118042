import JobContract
import JobQueue
import RuntimeCore
import Synchronization

/// A worker's view of a lease: how long the worker may act without asking Redis. Redis remains the authority.
final class JobLease: Sendable {
    private struct State {
        var trustedUntil: MonotonicInstant
        var verdict: LeaseReply = .ok
        var hasRefused = false
        var isSettled = false
    }

    let id: JobID
    let token: LeaseToken
    var held: HeldJob { HeldJob(id: id, token: token) }
    private let state: Mutex<State>
    private let verdictChanged = WakeSignal()

    init(id: JobID, token: LeaseToken, trustedUntil: MonotonicInstant) {
        self.id = id
        self.token = token
        state = Mutex(State(trustedUntil: trustedUntil))
    }

    /// Returns whether a changing call is allowed at `now`.
    func allowsChanges(at now: MonotonicInstant) -> Bool {
        state.withLock { state in
            let isAllowed = state.verdict != .lost && now < state.trustedUntil
            if !isAllowed { state.hasRefused = true }
            return isAllowed
        }
    }

    /// Whether any change was refused. The result of the attempt then says nothing about the job.
    var hasRefused: Bool { state.withLock { $0.hasRefused } }

    var verdict: LeaseReply { state.withLock { $0.verdict } }

    /// Records Redis' answer to an extension of the lease until `trustedUntil`. A lost lease stays lost.
    func answered(_ answer: LeaseReply, trustedUntil: MonotonicInstant) {
        let changed = state.withLock { state in
            guard state.verdict != .lost else { return false }
            if answer != .lost { state.trustedUntil = max(state.trustedUntil, trustedUntil) }
            defer { state.verdict = answer }
            return state.verdict != answer
        }
        if changed { verdictChanged.raise() }
    }

    /// Records that another lease has replaced the lease.
    func revoke() { answered(.lost, trustedUntil: state.withLock { $0.trustedUntil }) }

    /// Records that the job came to its own end.
    func settle() {
        state.withLock { $0.isSettled = true }
        verdictChanged.raise()
    }

    /// Waits until the job ends, is cancelled, or loses its lease, or until the task is cancelled. Returns whether the
    /// job ended.
    ///
    /// - Parameter mayBeCancelled: Whether a cancellation of the job ends the wait. A lost lease always does.
    func untilSettledOrRevoked(mayBeCancelled: Bool = true) async -> Bool {
        while true {
            let (isSettled, verdict) = state.withLock { ($0.isSettled, $0.verdict) }
            if isSettled { return true }
            guard verdict == .ok || verdict == .cancel && !mayBeCancelled, !Task.isCancelled else { return false }
            await verdictChanged.wait()
        }
    }
}

/// The leases held by a worker.
final class LeaseBook: Sendable {
    private let leases = Mutex<[JobID: JobLease]>([:])

    /// Inserts a lease. An earlier lease of the same job is lost: Redis has taken the job back, and the earlier attempt
    /// may still run.
    func insert(_ lease: JobLease) {
        let earlier = leases.withLock { leases in
            defer { leases[lease.id] = lease }
            return leases[lease.id]
        }
        earlier?.revoke()
    }

    func remove(_ lease: JobLease) {
        leases.withLock { leases in
            if leases[lease.id] === lease { leases[lease.id] = nil }
        }
    }

    var all: [JobLease] { leases.withLock { Array($0.values) } }
}

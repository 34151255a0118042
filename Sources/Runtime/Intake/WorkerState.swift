import JobContract
import JobQueue
import RuntimeCore
import Synchronization

/// What the parts of one worker share.
final class WorkerState: Sendable {
    private struct Counts {
        var permits: Permits
        /// Permits that were given back, ever.
        var freed = 0
        /// Times that room was made, ever: by a permit given back, or by an end that Redis has taken.
        var changes = 0
        /// Whether the loop could do more as soon as a permit is free.
        var waitsForPermit = false
        var isDraining = false
    }

    /// Raised where there may be something to take, or to end.
    let work = WakeSignal()
    /// Raised when the worker is to take no more jobs.
    let ends = WakeSignal()
    /// Raised where a running job was cancelled, of which the next beat tells.
    let beatNow = WakeSignal()
    /// Raised where Redis has lost what it knew of this node.
    let mustTell = WakeSignal()
    /// Raised where a leader has resigned.
    let leaderResigned = WakeSignal()
    /// Raised where the leader is to compare all containers with what was published.
    let reconcileNow = WakeSignal()
    /// Raised where no place was free.
    let isFull = WakeSignal()
    let leases = LeaseBook()
    /// When to look at what is due.
    let due: TickClock
    /// Told once a minute at most.
    let memoryIsFull = LogThrottle()
    let queueFails = LogThrottle()
    /// Raised where a call has failed as calls do that meet a key of a wrong type.
    let keysSuspect = WakeSignal()
    private let troubles = Mutex((queues: QueueTroubles(), keys: [KeyProblem]()))
    private let counts: Mutex<Counts>
    private let progress = Mutex((at: MonotonicClock.now, isLookFailing: false))
    private let loop = Mutex(LoopProgress())
    private let gates = Mutex<[String: WakeSignal]>([:])
    /// The messages that have woken this worker, by queue.
    private let found = Mutex<[String: [UInt8]]>([:])
    /// Queues whose messages found no room in the window, until when they are left alone, and how many places had been
    /// given back.
    private let full = Mutex<[String: (until: MonotonicInstant, freed: Int)]>([:])

    init(lease: Duration, concurrency: Int) {
        due = TickClock(lease: lease)
        counts = Mutex(Counts(permits: Permits(concurrency: concurrency)))
    }

    /// When the loop last heard from Redis; begins with the start of the worker.
    var lastProgress: MonotonicInstant { progress.withLock { $0.at } }

    func progressed() { progress.withLock { $0 = (MonotonicClock.now, false) } }

    /// Why the consume loop does not get on; nil: it does.
    var loopProblem: String? { loop.withLock { $0.problem(now: MonotonicClock.now) } }

    func noteLoop(_ change: (inout LoopProgress) -> Void) { loop.withLock { change(&$0) } }

    /// Whether the last look at what is due came to nothing.
    var isLookFailing: Bool { progress.withLock { $0.isLookFailing } }

    func lookFailed() { progress.withLock { $0.isLookFailing = true } }

    var isDraining: Bool { counts.withLock { $0.isDraining } }

    func drain() {
        counts.withLock { $0.isDraining = true }
        work.raise()
        ends.raise()
    }

    /// What can be taken now.
    func capacity(slots: Int) -> Capacity { counts.withLock { $0.permits.capacity(slots: slots) } }

    var running: Int { counts.withLock { $0.permits.running } }

    private var freed: Int { counts.withLock { $0.freed } }

    /// Begins a round, which needs not to be told of room. Answers how many times some was made, ever.
    func beginRound() -> Int {
        counts.withLock { counts in
            counts.waitsForPermit = false
            return counts.changes
        }
    }

    func began(_ kind: JobKind) {
        let running = counts.withLock { counts in
            counts.permits.began(kind)
            return counts.permits.running
        }
        RuntimeMetrics.running(running)
    }

    /// A job needs the Engine no more.
    ///
    /// - Parameter use: what it used its permit for until now.
    func freePermit(_ kind: JobKind, from use: Permits.Use = .working) {
        let mustTell = counts.withLock { counts in
            counts.permits.done(kind, from: use)
            return Self.wasFreed(&counts)
        }
        if mustTell { work.raise() }
    }

    /// A job only waits from now on. Answers whether its permit is free for others.
    func lendPermit(_ kind: JobKind) -> Bool {
        let (isLent, mustTell) = counts.withLock { counts in
            guard counts.permits.waits(kind) else { return (false, false) }
            return (true, Self.wasFreed(&counts))
        }
        if mustTell { work.raise() }
        return isLent
    }

    /// A job that has only waited works again.
    func takePermitBack(_ kind: JobKind) { counts.withLock { $0.permits.goesOn(kind) } }

    /// Counts a permit that was given back. Answers whether the loop is to be told.
    private static func wasFreed(_ counts: inout Counts) -> Bool {
        counts.freed += 1
        counts.changes += 1
        return counts.waitsForPermit
    }

    /// A job has ended, also for Redis. That makes room where more ends were on their way than there are permits, and
    /// where Redis counts: the node's games, and what is admitted.
    func ended(hasSlots: Bool) {
        let hasFoundFull = hasFoundFull
        let (running, mustTell) = counts.withLock { counts in
            let makesRoom =
                hasSlots || hasFoundFull || counts.permits.publishing > counts.permits.concurrency
            counts.permits.ended()
            if makesRoom { counts.changes += 1 }
            return (counts.permits.running, makesRoom && counts.waitsForPermit || counts.isDraining)
        }
        RuntimeMetrics.running(running)
        if mustTell { work.raise() }
    }

    /// Says whether it is to be told that room was made. Answers false where that happened since `changes`.
    func waitForPlace(_ waits: Bool, since changes: Int) -> Bool {
        counts.withLock { counts in
            counts.waitsForPermit = waits
            return !waits || counts.changes == changes
        }
    }

    /// Keeps the message that has woken this worker.
    func found(_ message: [UInt8], in queue: String) {
        found.withLock { $0[queue] = message }
    }

    func takeFound(in queue: String) -> [UInt8]? { found.withLock { $0.removeValue(forKey: queue) } }

    /// Whether messages were seen that have not been looked at closer.
    var hasFound: Bool { found.withLock { !$0.isEmpty } }

    /// The window had no room for the queue's messages: reading them again with each job that ends would cost more than
    /// the jobs.
    func foundFull(_ queue: String) {
        let freed = freed
        full.withLock { $0[queue] = (MonotonicClock.now.advanced(by: .milliseconds(50)), freed) }
    }

    /// Whether messages of some queue found no room.
    var hasFoundFull: Bool { full.withLock { !$0.isEmpty } }

    /// Keys of a wrong type, as they were last seen.
    var keyProblems: [KeyProblem] { troubles.withLock { $0.keys } }

    func keysSeen(_ problems: [KeyProblem]) { troubles.withLock { $0.keys = problems } }

    /// Redis refuses to give messages of the queue, which is left alone for a while.
    func failed(_ queue: String) {
        troubles.withLock { $0.queues.failed(queue, now: MonotonicClock.now) }
        keysSuspect.raise()
    }

    func succeeded(_ queue: String) { troubles.withLock { $0.queues.succeeded(queue) } }

    /// Whether messages of the queue can be had, and may find room.
    func mayTakeIn(from queue: String) -> Bool {
        guard troubles.withLock({ $0.queues.mayTry(queue, now: MonotonicClock.now) }) else { return false }
        let freed = freed
        return full.withLock { full in
            guard let mark = full[queue] else { return true }
            guard MonotonicClock.now >= mark.until || freed - mark.freed >= JobQueue.intakeBatch else { return false }
            full[queue] = nil
            return true
        }
    }

    /// Raised each time a queue was found empty, so that its watcher may wait at it again.
    func emptied(_ queue: String) -> WakeSignal {
        gates.withLock { gates in
            if let gate = gates[queue] { return gate }
            let gate = WakeSignal()
            gates[queue] = gate
            return gate
        }
    }
}

/// Lets a condition that lasts be told now and then, not each time that it is met.
final class LogThrottle: Sendable {
    private let lastTold = Mutex<MonotonicInstant?>(nil)

    /// Whether it is to be told now.
    func begins() -> Bool {
        lastTold.withLock { last in
            let now = MonotonicClock.now
            if let last, last.duration(to: now) < .seconds(60) { return false }
            last = now
            return true
        }
    }
}

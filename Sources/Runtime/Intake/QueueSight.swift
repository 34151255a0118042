import JobContract
import JobQueue
import Primitives
import RuntimeCore

/// What a worker knows about the messages of a queue.
struct QueueSight: Equatable {
    private enum Look: Equatable {
        /// There may be messages.
        case due
        /// The queue was empty. A connection waits at the queue.
        case waiting
        case paused
        /// Other workers were faster, and take the messages in.
        case left(until: MonotonicInstant)
        /// The window had no capacity. `ended` is the number of ends at that time.
        case full(until: MonotonicInstant, ended: Int)
        /// Redis refuses to give messages, for example because the key has a wrong type.
        case failing(until: MonotonicInstant)
    }

    /// The shortest time between two looks at a queue whose messages found the window full.
    static let fullPause = Duration.milliseconds(50)
    /// The time for which a worker leaves the messages to other workers, and reads none ahead, after these were faster.
    /// In a large fleet, each worker would else read the messages of each intake in vain.
    static let rivalsPause = Duration.seconds(1)
    /// The pauses of a queue whose messages Redis refuses to give. Each queue has its own.
    static let failurePauses = Backoff(base: .milliseconds(250), cap: .seconds(5))

    let name: String
    /// The message that has woken this worker, which lies in the inbox of the queue.
    var seen: [UInt8]?
    private var look = Look.due
    /// The messages behind the last intake, as it has read them. Another worker may have taken them since.
    private var ahead: [WaitingMessage] = []
    /// No messages are read ahead until this time.
    private var readsAheadFrom: MonotonicInstant?
    /// Whether the last intake was of the message that has woken this worker. Older messages of the inbox may lie before
    /// it, for example those of a worker that has died.
    private var wasWoken = false
    private var failures = 0

    init(name: String) { self.name = name }

    /// Whether a connection may wait at the queue: the queue was empty, and no message of it is on its way.
    var isEmpty: Bool { look == .waiting && seen == nil }

    /// - Parameter ended: The number of jobs that have ended, ever.
    func isToBeLookedAt(ended: Int, now: MonotonicInstant) -> Bool {
        if seen != nil { return true }
        return switch look {
        case .due: true
        case .waiting, .paused: false
        case .left(let until): until <= now
        case .full(let until, let mark): ended - mark >= JobQueue.intakeBatch || ended > mark && until <= now
        case .failing(let until): until <= now
        }
    }

    /// The time at which the queue is to be looked at, if nothing else happens.
    func nextLook(ended: Int) -> MonotonicInstant? {
        switch look {
        case .full(let until, let mark): ended > mark ? until : nil
        case .failing(let until), .left(let until): until
        case .due, .waiting, .paused: nil
        }
    }

    /// Returns the oldest messages, as far as they are known, and whether to read those behind them.
    ///
    /// - Parameter isBusy: Whether the last intake of the worker was a moment ago.
    mutating func take(most: Int, isBusy: Bool, now: MonotonicInstant) -> (known: [WaitingMessage], readsAhead: Bool) {
        wasWoken = seen != nil
        if let message = seen {
            seen = nil
            return ([.whole(message)], false)
        }
        let known = Array(ahead.prefix(most))
        ahead.removeFirst(known.count)
        return (known, isBusy && ahead.isEmpty && readsAheadFrom.map { $0 <= now } ?? true)
    }

    // MARK: Inputs

    /// An intake has this outcome, and has read these messages ahead.
    mutating func took(_ outcome: IntakeOutcome, next: [WaitingMessage], ended: Int, now: MonotonicInstant) {
        failures = 0
        look = look(after: outcome, ended: ended, now: now)
        guard look == .due else {
            ahead = []
            return
        }
        let isLate = outcome.taken < outcome.seen
        if isLate { readsAheadFrom = now.advanced(by: Self.rivalsPause) }
        if isLate || !next.isEmpty { ahead = next }
    }

    private func look(after outcome: IntakeOutcome, ended: Int, now: MonotonicInstant) -> Look {
        if outcome.isPaused { return .paused }
        if outcome.isEmptied { return .waiting }
        if outcome.isFull { return .full(until: now.advanced(by: Self.fullPause), ended: ended) }
        let othersTakeAll = outcome.taken == 0 && outcome.seen > 0 && !wasWoken
        return othersTakeAll ? .left(until: now.advanced(by: Self.rivalsPause)) : .due
    }

    /// Redis refuses to give messages, or to take in jobs.
    mutating func failed(now: MonotonicInstant) {
        ahead = []
        look = .failing(until: now.advanced(by: Self.failurePauses.longestDelay(attempt: failures)))
        failures += 1
    }

    /// A function in Redis or another part of this worker says that the queue may go on.
    mutating func woken() {
        switch look {
        case .full, .paused: look = .due
        case .due, .waiting, .left, .failing: break
        }
    }

    /// A sweep has found work that nobody may have been woken for.
    mutating func swept() {
        if case .failing = look { return }
        look = .due
    }

    /// A connection that waited at the queue is broken.
    mutating func lostSight() {
        if look == .waiting { look = .due }
    }
}

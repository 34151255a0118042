import JobContract
import JobQueue
import Logging
import RuntimeCore
import Synchronization

/// The state that the parts of one worker share.
final class WorkerState: Sendable {
    /// When to take messages in and when to claim.
    let intake: IntakeScheduler
    /// Raised when the worker takes no more jobs.
    let ends = WakeSignal()
    /// Raised when a running job was cancelled. The next heartbeat names the job.
    let beatNow = WakeSignal()
    /// Raised when Redis may not know the games of this node: Redis says so, or a job has lost its lease. A failover of
    /// Redis may have lost the claim, and with the claim that this node owns the game.
    let mustAnnounce = WakeSignal()
    /// Raised when a leader has resigned.
    let leaderResigned = WakeSignal()
    /// Raised when the leader is to compare all containers with the published events.
    let reconcileNow = WakeSignal()
    /// Raised when a call has failed at a key of a wrong type.
    let keysSuspect = WakeSignal()
    let leases = LeaseBook()
    /// When to sweep.
    let due: SweepClock
    let memoryIsFull = LogThrottle()
    let queueFails = LogThrottle()
    let takingFails = LogThrottle()
    let registeringFails = LogThrottle()
    let endingFails = LogThrottle()
    private let keys = Mutex([KeyProblem]())
    private let progress = Mutex((at: MonotonicClock.now, isSweepFailing: false))
    private let loop = Mutex(LoopProgress())

    init(options: JobQueueOptions, concurrency: Int) {
        intake = IntakeScheduler(queues: options.queues, concurrency: concurrency)
        due = SweepClock(lease: options.lease)
    }

    /// The time of the last reply of Redis, or of the start of the worker.
    var lastProgress: MonotonicInstant { progress.withLock { $0.at } }

    func progressed() { progress.withLock { $0 = (MonotonicClock.now, false) } }

    /// The problem of the consume loop as a sentence; nil for a healthy loop.
    var loopProblem: String? { loop.withLock { $0.problem(now: MonotonicClock.now) } }

    func noteLoop(_ change: (inout LoopProgress) -> Void) { loop.withLock { change(&$0) } }

    /// Whether the last sweep has failed.
    var isSweepFailing: Bool { progress.withLock { $0.isSweepFailing } }

    func sweepFailed() { progress.withLock { $0.isSweepFailing = true } }

    /// Asks for a check of the keys if a call has failed at a key of a wrong type.
    func suspectKeys(after error: QueueError) { if error.isWrongType { keysSuspect.raise() } }

    /// The keys of a wrong type at the last check.
    var keyProblems: [KeyProblem] { keys.withLock { $0 } }

    func keysSeen(_ problems: [KeyProblem]) { keys.withLock { $0 = problems } }

    func drain() {
        intake.note { $0.drain() }
        ends.raise()
    }
}

/// Lets the log mention a lasting condition once a minute.
final class LogThrottle: Sendable {
    private let lastTold = Mutex<MonotonicInstant?>(nil)

    /// Returns whether the condition is to be logged now.
    func begins() -> Bool {
        lastTold.withLock { last in
            let now = MonotonicClock.now
            if let last, last.duration(to: now) < .seconds(60) { return false }
            last = now
            return true
        }
    }

    /// Returns the level of a line about the condition: `level` once a minute, else `debug`.
    func level(_ level: Logger.Level) -> Logger.Level { begins() ? level : .debug }
}

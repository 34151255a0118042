import JobContract
import JobQueue

/// The concurrency permits of a worker: how many jobs may work on the Engine at once, and who holds one.
///
/// Starts and restarts are one class, stops and removes the other; each class has as many permits as the concurrency
/// says. A job that only waits, for a game to answer, a process to end or a registry to send, needs no permit: else a few patient jobs
/// would keep all others from beginning. The number of such jobs is bounded, since each costs a lease and a task.
struct Permits: Equatable {
    /// What a job needs its permit for.
    enum Use: Equatable {
        /// It holds one.
        case working
        /// It waits, and holds none.
        case waiting
        /// Its end is on its way to Redis, or there.
        case done
    }

    /// Waiting jobs at most, as a multiple of the concurrency.
    static let waitingFactor = 8

    let concurrency: Int
    /// Permits that are held, of each class. A job that goes on after a wait takes its permit back at once, so for a
    /// while there may be more than the concurrency says; then nothing new begins.
    private(set) var starts = 0
    private(set) var stops = 0
    /// Jobs that wait without a permit.
    private(set) var waiting = 0
    /// Jobs whose end Redis has not taken yet.
    private(set) var running = 0

    init(concurrency: Int) { self.concurrency = concurrency }

    /// Jobs whose end is on its way to Redis.
    var publishing: Int { max(0, running - starts - stops - waiting) }

    /// Returns what can be claimed now. Jobs whose end is on its way to Redis need no permit, but are no more than as
    /// many once again.
    func capacity(slots: Int) -> Capacity {
        let most = max(0, 2 * concurrency - publishing)
        return Capacity(
            starts: max(0, min(most, concurrency) - starts),
            stops: max(0, min(most, concurrency) - stops),
            slots: slots
        )
    }

    /// A job begins, with a permit.
    mutating func began(_ kind: JobKind) {
        running += 1
        take(kind)
    }

    /// A job begins to wait. Returns whether it has given its permit back; false: too many wait, and it keeps it.
    mutating func waits(_ kind: JobKind) -> Bool {
        guard waiting < Self.waitingFactor * concurrency else { return false }
        waiting += 1
        giveBack(kind)
        return true
    }

    /// A job that had given its permit back goes on, and takes it again.
    mutating func goesOn(_ kind: JobKind) {
        waiting -= 1
        take(kind)
    }

    /// A job has done all that it had to do on the Engine.
    mutating func done(_ kind: JobKind, from use: Use) {
        switch use {
        case .working: giveBack(kind)
        case .waiting: waiting -= 1
        case .done: break
        }
    }

    /// Redis has taken a job's end.
    mutating func ended() { running -= 1 }

    private mutating func take(_ kind: JobKind) {
        if kind.startsGame { starts += 1 } else { stops += 1 }
    }

    private mutating func giveBack(_ kind: JobKind) {
        if kind.startsGame { starts -= 1 } else { stops -= 1 }
    }
}

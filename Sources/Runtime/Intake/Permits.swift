import JobContract
import JobQueue

/// The concurrency permits of a worker: the number of jobs that may use the Docker Engine at once, and their holders.
///
/// Starts and restarts are one class; stops and removes are the other class. The concurrency gives the number of
/// permits of each class. A job gives its permit back while it waits for a game engine, for the end of a process or for
/// a registry. Otherwise a few waiting jobs would block all others. The number of waiting jobs has a limit, because
/// each costs a lease and a task.
struct Permits: Equatable {
    /// A job's use of its permit.
    enum Use: Equatable {
        /// The job holds a permit.
        case working
        /// The job waits without a permit.
        case waiting
        /// The worker sends the job's end to Redis, or has sent it.
        case done
    }

    /// The greatest number of waiting jobs, as a multiple of the concurrency.
    static let waitingFactor = 8

    let concurrency: Int
    /// The number of permits held by starts and restarts.
    ///
    /// After a wait, a job takes a permit back at once. So held permits may exceed the concurrency for a while; then no
    /// new job begins.
    private(set) var starts = 0
    private(set) var stops = 0
    /// The number of jobs that wait without a permit.
    private(set) var waiting = 0
    /// The number of jobs whose end has not reached Redis yet.
    private(set) var running = 0

    init(concurrency: Int) { self.concurrency = concurrency }

    /// The number of jobs whose end is on its way to Redis.
    var publishing: Int {
        assert(isConsistent)
        return max(0, running - starts - stops - waiting)
    }

    /// Whether every job counts once: as a holder of a permit, as waiting, or as ending.
    private var isConsistent: Bool {
        starts >= 0 && stops >= 0 && waiting >= 0 && starts + stops + waiting <= running
    }

    /// Returns the number of jobs that the worker can claim now.
    ///
    /// Jobs whose end is on its way to Redis need no permit. But if their number exceeds the concurrency, each further
    /// job reduces the capacity of both classes by 1.
    var capacity: Capacity {
        // A slow Redis may leave any number of ends on their way.
        let most = max(0, 2 * concurrency - publishing)
        // Jobs that continue after a wait may hold more permits than the concurrency.
        return Capacity(
            starts: max(0, min(most, concurrency) - starts),
            stops: max(0, min(most, concurrency) - stops)
        )
    }

    /// Begins a job with a permit.
    mutating func began(_ kind: JobKind) {
        running += 1
        take(kind)
    }

    /// Lets a job wait without its permit.
    ///
    /// - Returns: false if too many jobs wait already; then the job keeps its permit.
    mutating func waits(_ kind: JobKind) -> Bool {
        guard waiting < Self.waitingFactor * concurrency else { return false }
        waiting += 1
        giveBack(kind)
        return true
    }

    /// Takes a permit again for a job after its wait.
    mutating func goesOn(_ kind: JobKind) {
        waiting -= 1
        take(kind)
    }

    /// Ends a job's work on the Docker Engine.
    mutating func done(_ kind: JobKind, from use: Use) {
        switch use {
        case .working: giveBack(kind)
        case .waiting: waiting -= 1
        case .done: break
        }
        assert(isConsistent)
    }

    /// Notes that Redis has taken a job's end.
    mutating func ended() {
        running -= 1
        assert(isConsistent)
    }

    private mutating func take(_ kind: JobKind) {
        if kind.startsGame { starts += 1 } else { stops += 1 }
    }

    private mutating func giveBack(_ kind: JobKind) {
        if kind.startsGame { starts -= 1 } else { stops -= 1 }
    }
}

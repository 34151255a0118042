import JobQueue
import RuntimeCore

/// When a worker takes messages in, and how many: as many as it can begin at once, so that they are placed and claimed
/// in one step; and more, which then wait in their lanes, only where its places stay full. Those must be taken in all
/// the same: a stop among them may make room, and others may belong to other nodes.
///
/// Half of the places are filled at a time: while Redis takes the second half in, the worker runs the first, and while it
/// runs the second, Redis ends the first. With all of them in one batch either would wait for the other.
struct IntakePace: Equatable {
    enum Step: Equatable {
        /// There is no place for more, and it is not time yet to look further.
        case wait
        /// What is ready already comes first.
        case claim
        /// At most that many messages.
        case take(most: Int)
    }

    /// How long no place is free until more is taken in than can be begun.
    static let patience = Duration.milliseconds(5)
    /// For how long what is ready goes before messages.
    static let longestWithoutIntake = Duration.milliseconds(20)

    private var fullSince: MonotonicInstant?
    private var lastIntake: MonotonicInstant?
    private var leftMessages = false
    /// Whether the last claim may have left no place of some class, as far as Redis knows: it rings for none of that class
    /// then, and has to be asked anew once there is one.
    private(set) var hasFilledPlaces = false
    private var waiting: JobClasses = []

    mutating func step(_ capacity: Capacity, of concurrency: Int, now: MonotonicInstant) -> Step {
        let free = max(capacity.starts, capacity.stops)
        guard free > 0 else {
            let since = fullSince ?? now
            fullSince = since
            return since.advanced(by: Self.patience) <= now ? .take(most: JobQueue.intakeBatch) : .wait
        }
        fullSince = nil
        if canBegin(capacity), let lastIntake, now < lastIntake.advanced(by: Self.longestWithoutIntake) {
            return .claim
        }
        lastIntake = now
        return .take(most: min(free, max(1, concurrency / 2), JobQueue.intakeBatch))
    }

    /// Whether to look at messages once what was ready has been claimed. Where the queues were empty a moment ago,
    /// places that are given back one by one are no reason to look at them each time.
    func looksAtMessages(now: MonotonicInstant, hasSeenSome: Bool) -> Bool {
        guard !leftMessages, !hasSeenSome, let lastIntake else { return true }
        return lastIntake.advanced(by: Self.longestWithoutIntake) <= now
    }

    /// Takes what the last intake says: whether there may be more messages that can be taken in.
    mutating func tookIn(leavingMessages: Bool) { leftMessages = leavingMessages }

    /// Whether another round may do something at once. A place may have been given back while the last one was on its
    /// way to Redis, which had jobs for it: nobody rings for those.
    func goesOn(_ left: Capacity, mayHaveMessages: Bool) -> Bool { mayHaveMessages || canBegin(left) }

    /// Only what there is a place for: else the same would be claimed in vain again and again.
    private func canBegin(_ capacity: Capacity) -> Bool {
        waiting.contains(.starts) && capacity.starts > 0 || waiting.contains(.stops) && capacity.stops > 0
    }

    /// Takes what the last claim says, and how many jobs it has brought for that capacity.
    mutating func claimed(_ jobs: Int, of capacity: Capacity, waiting: JobClasses) {
        self.waiting = waiting
        hasFilledPlaces = min(capacity.starts, capacity.stops) <= jobs
    }
}

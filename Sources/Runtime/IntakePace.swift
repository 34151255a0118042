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
    private var waiting: JobClasses = []

    mutating func step(_ capacity: Capacity, of concurrency: Int, now: MonotonicInstant) -> Step {
        let free = max(capacity.starts, capacity.stops)
        guard free > 0 else {
            let since = fullSince ?? now
            fullSince = since
            return since.advanced(by: Self.patience) <= now ? .take(most: JobQueue.intakeBatch) : .wait
        }
        fullSince = nil
        // Only what there is a place for: else the same would be claimed in vain again and again.
        let canBegin =
            waiting.contains(.starts) && capacity.starts > 0 || waiting.contains(.stops) && capacity.stops > 0
        if canBegin, let lastIntake, now < lastIntake.advanced(by: Self.longestWithoutIntake) { return .claim }
        lastIntake = now
        return .take(most: min(free, max(1, concurrency / 2), JobQueue.intakeBatch))
    }

    /// Takes what the last claim says.
    mutating func claimed(waiting: JobClasses) { self.waiting = waiting }
}

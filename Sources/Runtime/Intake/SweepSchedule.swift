import RuntimeCore
import Synchronization

/// The time of a worker's next sweep.
///
/// Each sweep costs Redis, also in an idle fleet, so sweeps are as rare as possible. A sweep returns the next due time,
/// and the next sweep comes then. A lease given after a sweep expires after the next sweep.
struct SweepSchedule: Equatable {
    /// The time of the next sweep. The first sweep is due at once.
    private(set) var next = MonotonicInstant(nanoseconds: 0)
    private var isAfterOutage = false
    private let lease: Duration

    init(lease: Duration) { self.lease = lease }

    /// Returns the pause between two sweeps if nothing is due sooner.
    ///
    /// - Parameter random: 0 to 1.
    private func pause(mayHaveWork: Bool, random: Double) -> Duration {
        guard mayHaveWork else { return min(max(lease, .seconds(1)), .seconds(10)) * (0.9 + 0.1 * random) }
        // A ready job that could not begin may wait for a time to pass, and nothing announces that time.
        return min(max(lease * 0.2, .seconds(1)), .seconds(2)) * (0.9 + 0.1 * random)
    }

    /// Begins a sweep. Returns whether the sweep must report an outage to Redis.
    mutating func begin() -> Bool {
        next = MonotonicInstant(nanoseconds: .max)
        defer { isAfterOutage = false }
        return isAfterOutage
    }

    /// Ends a sweep with its findings. Another task may have set an earlier time meanwhile.
    mutating func swept(nextDue: Duration?, mayHaveWork: Bool, now: MonotonicInstant, random: Double) {
        var pause = pause(mayHaveWork: mayHaveWork, random: random)
        // The random part spreads the sweeps of the workers.
        if let nextDue { pause = min(pause, max(nextDue, .milliseconds(10)) + Self.spread(random)) }
        next = min(next, now.advanced(by: pause))
    }

    /// Brings the next sweep forward, because this worker knows of something due after `pause`.
    mutating func willBeDue(after pause: Duration, now: MonotonicInstant, random: Double) {
        next = min(next, now.advanced(by: pause + Self.spread(random)))
    }

    /// Brings the next sweep forward after intake, because the worker may have left jobs that could not begin.
    mutating func worked(now: MonotonicInstant, random: Double) {
        next = min(next, now.advanced(by: pause(mayHaveWork: true, random: random)))
    }

    /// Makes a sweep due now, because Redis or this worker was away, or because a sweep failed.
    mutating func sweepAtOnce(afterOutage: Bool, now: MonotonicInstant) {
        next = now
        isAfterOutage = isAfterOutage || afterOutage
    }

    private static func spread(_ random: Double) -> Duration { .milliseconds(5) + .milliseconds(95) * random }
}

/// A ``SweepSchedule`` shared by tasks: a task that sweeps, and tasks that know of earlier due times.
final class SweepClock: Sendable {
    private let pace: Mutex<SweepSchedule>
    private let changed = WakeSignal()

    init(lease: Duration) { pace = Mutex(SweepSchedule(lease: lease)) }

    /// Waits until a sweep is due.
    ///
    /// - Returns: Whether the sweep must report an outage to Redis; nil if the task is cancelled.
    func wait() async -> Bool? {
        while !Task.isCancelled {
            let pause = MonotonicClock.now.duration(to: pace.withLock { $0.next })
            guard pause > .zero else { return pace.withLock { $0.begin() } }
            await changed.wait(atMost: pause)
        }
        return nil
    }

    func swept(nextDue: Duration?, mayHaveWork: Bool) {
        pace.withLock {
            $0.swept(
                nextDue: nextDue,
                mayHaveWork: mayHaveWork,
                now: MonotonicClock.now,
                random: RandomSource.fraction()
            )
        }
    }

    func willBeDue(after pause: Duration) {
        change { $0.willBeDue(after: pause, now: MonotonicClock.now, random: RandomSource.fraction()) }
    }

    func worked() { change { $0.worked(now: MonotonicClock.now, random: RandomSource.fraction()) } }

    func sweepAtOnce(afterOutage: Bool) {
        change { $0.sweepAtOnce(afterOutage: afterOutage, now: MonotonicClock.now) }
    }

    /// Changes the pace, and wakes the waiting task if the next sweep is now earlier.
    private func change(_ body: (inout SweepSchedule) -> Void) {
        let isSooner = pace.withLock { pace in
            let before = pace.next
            body(&pace)
            return pace.next < before
        }
        if isSooner { changed.raise() }
    }
}

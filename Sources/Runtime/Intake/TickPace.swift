import RuntimeCore
import Synchronization

/// When a worker looks next at what is due. Each look costs Redis, idle or not, so there are as few as there can be: what
/// is due sooner is known, and looked at then. A lease that is given after one look runs out after the next.
struct TickPace: Equatable {
    /// At once in the beginning.
    private(set) var next = MonotonicInstant(nanoseconds: 0)
    private var isAfterSilence = false
    private let lease: Duration

    init(lease: Duration) { self.lease = lease }

    /// From one look to the next, where nothing is due sooner.
    ///
    /// - Parameter random: 0 to 1.
    private func pause(mayHaveWork: Bool, random: Double) -> Duration {
        guard mayHaveWork else { return min(max(lease, .seconds(1)), .seconds(10)) * (0.9 + 0.1 * random) }
        // What is ready and could not be begun may wait for a time to pass, of which nobody tells.
        return min(max(lease * 0.2, .seconds(1)), .seconds(2)) * (0.9 + 0.1 * random)
    }

    /// A look begins. Answers whether Redis is to be told that there was a silence.
    mutating func begin() -> Bool {
        next = MonotonicInstant(nanoseconds: .max)
        defer { isAfterSilence = false }
        return isAfterSilence
    }

    /// Takes what the look has found. Something may have become due sooner meanwhile.
    mutating func looked(nextDue: Duration?, mayHaveWork: Bool, now: MonotonicInstant, random: Double) {
        var pause = pause(mayHaveWork: mayHaveWork, random: random)
        // Each worker at another moment.
        if let nextDue { pause = min(pause, max(nextDue, .milliseconds(10)) + Self.spread(random)) }
        next = min(next, now.advanced(by: pause))
    }

    /// Something is due after this time, as this worker knows.
    mutating func willBeDue(after pause: Duration, now: MonotonicInstant, random: Double) {
        next = min(next, now.advanced(by: pause + Self.spread(random)))
    }

    /// The worker has looked for jobs, and may have left some that could not be begun.
    mutating func worked(now: MonotonicInstant, random: Double) {
        next = min(next, now.advanced(by: pause(mayHaveWork: true, random: random)))
    }

    /// Redis or this worker was away, or a look came to nothing.
    mutating func lookAtOnce(afterSilence: Bool, now: MonotonicInstant) {
        next = now
        isAfterSilence = isAfterSilence || afterSilence
    }

    private static func spread(_ random: Double) -> Duration { .milliseconds(5) + .milliseconds(95) * random }
}

/// A ``TickPace`` that several tasks share: one that looks, and those that know of something sooner.
final class TickClock: Sendable {
    private let pace: Mutex<TickPace>
    private let changed = WakeSignal()

    init(lease: Duration) { pace = Mutex(TickPace(lease: lease)) }

    /// Waits until it is time to look. Answers whether Redis is to be told that there was a silence; nil where the task is
    /// cancelled.
    func wait() async -> Bool? {
        while !Task.isCancelled {
            let pause = MonotonicClock.now.duration(to: pace.withLock { $0.next })
            guard pause > .zero else { return pace.withLock { $0.begin() } }
            await changed.wait(atMost: pause)
        }
        return nil
    }

    func looked(nextDue: Duration?, mayHaveWork: Bool) {
        pace.withLock {
            $0.looked(
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

    func lookAtOnce(afterSilence: Bool) {
        change { $0.lookAtOnce(afterSilence: afterSilence, now: MonotonicClock.now) }
    }

    /// Wakes who waits where it is to be sooner.
    private func change(_ body: (inout TickPace) -> Void) {
        let isSooner = pace.withLock { pace in
            let before = pace.next
            body(&pace)
            return pace.next < before
        }
        if isSooner { changed.raise() }
    }
}

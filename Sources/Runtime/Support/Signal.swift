import Synchronization

/// Something that happened, for one waiter at a time; happening twice before the waiter looks counts as once.
final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var waiter: (number: Int, continuation: CheckedContinuation<Bool, Never>)?
        var lastNumber = 0
    }

    private let state = Mutex(State())

    func raise() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isRaised = state.waiter == nil
            return state.waiter?.continuation
        }
        waiter?.resume(returning: true)
    }

    /// Forgets that it has happened.
    func lower() { state.withLock { $0.isRaised = false } }

    /// Waits until it has happened since the last wait. Answers false at once where the task is cancelled.
    @discardableResult
    func wait() async -> Bool {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.isRaised {
                        state.isRaised = false
                        return true
                    }
                    if Task.isCancelled { return false }
                    precondition(state.waiter == nil, "a signal has one waiter at a time")
                    state.waiter = (number, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard state.waiter?.number == number else { return nil }
                defer { state.waiter = nil }
                return state.waiter?.continuation
            }
            waiter?.resume(returning: false)
        }
    }

    /// Waits until it has happened, for `limit` at most (nil: for ever). Answers whether it has.
    @discardableResult
    func wait(atMost limit: Duration?) async -> Bool {
        guard let limit else { return await wait() }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                try? await MonotonicClock.sleep(for: limit)
                return false
            }
            var happened = false
            // Both are heard: it may happen in the very moment in which the time is over.
            for await outcome in group {
                happened = happened || outcome
                group.cancelAll()
            }
            return happened
        }
    }
}

/// Pauses that grow while something fails, up to a cap, each of random length so that many do not come
/// back together.
struct Backoff: Sendable {
    private let base: Duration
    private let cap: Duration
    private var failures = 0

    init(base: Duration = .milliseconds(50), cap: Duration = .seconds(2)) {
        self.base = base
        self.cap = cap
    }

    mutating func succeeded() { failures = 0 }

    /// Sleeps; ends early where the task is cancelled.
    mutating func pause() async {
        let longest = min(base * (1 << min(failures, 16)), cap)
        failures += 1
        try? await MonotonicClock.sleep(for: longest * (0.5 + Dice.fraction() / 2))
    }
}

import Synchronization

/// A signal for a single waiter at a time. Several raises before the next wait count as a single raise.
final class WakeSignal: Sendable {
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

    /// Resets the signal.
    func lower() { state.withLock { $0.isRaised = false } }

    /// Waits for a raise since the last wait. Returns false if the task is cancelled before a raise.
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

    /// Waits for a raise for at most `limit`, or without limit if nil. Returns whether the signal was raised.
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
            // Reads both results: the raise may come at the same moment as the end of the time.
            for await outcome in group {
                happened = happened || outcome
                group.cancelAll()
            }
            return happened
        }
    }
}

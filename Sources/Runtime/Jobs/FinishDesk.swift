import JobQueue
import Synchronization

/// Ends jobs in as few calls as there can be: what ends while one call is under way goes together with the next.
///
/// There is no task of its own: the first to come makes the call, for itself and for those who wait, and then
/// hands its part to the next of them.
final class FinishDesk: Sendable {
    private typealias Waiting = (job: FinishedJob, continuation: CheckedContinuation<Turn, Never>)

    private enum Turn {
        case call
        case answered(Result<FinishAnswer, QueueError>)
    }

    private struct State {
        var isBusy = false
        var waiting: [Waiting] = []
    }

    /// Jobs that one call ends at most, which bounds the time for which Redis does nothing else.
    private static let largestBatch = 64

    private let queue: any DeliveryQueue
    private let madeReady: Signal
    private let state = Mutex(State())

    /// - Parameter madeReady: raised where next jobs of the games may be ready, of which Redis tells nobody else.
    init(queue: any DeliveryQueue, madeReady: Signal) {
        self.queue = queue
        self.madeReady = madeReady
    }

    /// Ends one job, as ``DeliveryQueue/finish(_:)`` does.
    func finish(_ job: FinishedJob) async throws(QueueError) -> FinishAnswer {
        switch await turn(for: job) {
        case .answered(let result): return try result.get()
        case .call: return try await call(for: job)
        }
    }

    /// Waits until others have made the call for this job, or until it is this one's turn to make it.
    private func turn(for job: FinishedJob) async -> Turn {
        let isFirst = state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if isFirst { return .call }
        return await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                // The one before may have gone since.
                guard state.isBusy else {
                    state.isBusy = true
                    return true
                }
                state.waiting.append((job, continuation))
                return false
            }
            if isFirst { continuation.resume(returning: .call) }
        }
    }

    private func call(for job: FinishedJob) async throws(QueueError) -> FinishAnswer {
        defer { passOn() }
        // Jobs that end in the same moment come along.
        await Task.yield()
        let others = state.withLock { state in
            let others = Array(state.waiting.prefix(Self.largestBatch - 1))
            state.waiting.removeFirst(others.count)
            return others
        }
        // In this one's own task: a worker that ends must not wait for a Redis that is away. The others say it again.
        do throws(QueueError) {
            let outcome = try await queue.finish([job] + others.map(\.job))
            // Of those that had ended before the answer was lost.
            if outcome.hasMadeReady || outcome.answers.contains(.again) { madeReady.raise() }
            for (other, answer) in zip(others, outcome.answers.dropFirst()) {
                other.continuation.resume(returning: .answered(.success(answer)))
            }
            return outcome.answers[0]
        } catch {
            for other in others { other.continuation.resume(returning: .answered(.failure(error))) }
            throw error
        }
    }

    /// Gives the turn to who has waited longest.
    private func passOn() {
        let next = state.withLock { state -> Waiting? in
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume(returning: .call)
    }
}

import JobQueue
import Synchronization

/// Ends jobs in batches. While a call is under way, later ends wait and share the next call.
///
/// The batcher has no task of its own. The first caller makes the call for itself and for the waiting callers, then
/// passes the turn to the next waiting caller.
final class ResultBatcher: Sendable {
    private typealias Waiting = (job: FinishedJob, continuation: CheckedContinuation<Turn, Never>)

    private enum Turn {
        case call
        case answered(Result<FinishAnswer, QueueError>)
    }

    private struct State {
        var isBusy = false
        var waiting: [Waiting] = []
    }

    /// Most jobs in a single call. Bounds the time during which Redis serves nobody else.
    private static let largestBatch = 64

    private let queue: any DeliveryQueue
    private let madeReady: @Sendable () -> Void
    private let next: @Sendable () -> NextClaim
    private let state = Mutex(State())

    /// Creates a batcher.
    ///
    /// - Parameters:
    ///   - madeReady: Called if next jobs of the games may be ready. Redis wakes no other worker for these jobs.
    ///   - next: Returns who claims the next jobs of the lanes.
    init(
        queue: any DeliveryQueue,
        madeReady: @escaping @Sendable () -> Void,
        next: @escaping @Sendable () -> NextClaim = { .byCaller }
    ) {
        self.next = next
        self.queue = queue
        self.madeReady = madeReady
    }

    /// Ends a job like ``DeliveryQueue/finish(_:)``.
    func finish(_ job: FinishedJob) async throws(QueueError) -> FinishAnswer {
        switch await turn(for: job) {
        case .answered(let result): return try result.get()
        case .call: return try await call(for: job)
        }
    }

    /// Waits until another caller has ended this job, or until this caller has the turn.
    private func turn(for job: FinishedJob) async -> Turn {
        let isFirst = state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if isFirst { return .call }
        return await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                // The previous caller may have left in the meantime.
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
        // Lets jobs that end at the same moment join the batch.
        await Task.yield()
        let others = state.withLock { state in
            let others = Array(state.waiting.prefix(Self.largestBatch - 1))
            state.waiting.removeFirst(others.count)
            return others
        }
        // Runs in the caller's own task: an ending worker must not wait for an unreachable Redis. After an error the
        // other callers repeat their calls.
        do throws(QueueError) {
            let outcome = try await queue.finish([job] + others.map(\.job), next: next())
            // `.again` means that an earlier answer was lost. The lost answer may have reported ready jobs.
            if outcome.hasMadeReady || outcome.answers.contains(.again) { madeReady() }
            for (other, answer) in zip(others, outcome.answers.dropFirst()) {
                other.continuation.resume(returning: .answered(.success(answer)))
            }
            return outcome.answers[0]
        } catch {
            for other in others { other.continuation.resume(returning: .answered(.failure(error))) }
            throw error
        }
    }

    /// Passes the turn to the longest waiting caller.
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

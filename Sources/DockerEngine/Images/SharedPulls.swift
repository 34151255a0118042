import DockerPort
import Synchronization

/// Shares one pull between several callers. No caller owns the pull. The pull is cancelled when the last caller leaves.
final class SharedPulls: Sendable {
    typealias Progress = @Sendable (PullProgress) -> Void
    /// Pulls a reference and reports progress.
    typealias Pull = @Sendable (_ reference: String, _ progress: @escaping Progress) async throws(DockerError) -> Void

    private struct Waiter {
        var continuation: CheckedContinuation<Result<Void, DockerError>, Never>
        var progress: Progress?
    }

    private struct State {
        var flights = PullFlights()
        var waiters: [Int: Waiter] = [:]
        var tasks: [Int: Task<Void, Never>] = [:]
        /// The pulls that ended before `begin` could store their task.
        var endedEarly: Set<Int> = []
        var lastWaiter = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let pull: Pull

    init(pull: @escaping Pull) { self.pull = pull }

    /// Whether no pull is running.
    var isIdle: Bool { state.withLock { $0.flights.isEmpty && $0.tasks.isEmpty } }

    /// Waits until `reference` is pulled. Joins a running pull, or begins a new pull.
    func join(_ reference: String, progress: Progress?) async throws(DockerError) {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enter(number, reference, Waiter(continuation: continuation, progress: progress))
            }
        } onCancel: {
            leave(number, reference)
        }
        try result.get()
    }

    /// Cancels all pulls and refuses later callers.
    func close() {
        let tasks = state.withLock { state in
            state.isClosed = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
    }

    /// Registers the caller. If the task was cancelled earlier, `leave` has already run without finding the caller. The
    /// function then refuses the caller, because nobody would end the wait.
    private func enter(_ number: Int, _ reference: String, _ waiter: Waiter) {
        let (refusal, flight): (DockerError?, Int?) = state.withLock { state in
            if state.isClosed { return (.pull(.unavailable, "this client was shut down"), nil) }
            if Task.isCancelled { return (.pull(.cancelled, "cancelled"), nil) }
            state.waiters[number] = waiter
            guard case .begin(let flight) = state.flights.join(number, reference: reference) else { return (nil, nil) }
            return (nil, flight)
        }
        if let refusal { waiter.continuation.resume(returning: .failure(refusal)) }
        if let flight { begin(flight, reference) }
    }

    private func begin(_ flight: Int, _ reference: String) {
        let task = BackgroundTask.start { [self] in
            let result: Result<Void, DockerError>
            do throws(DockerError) {
                try await pull(reference) { self.report($0, flight, reference) }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            end(flight, reference, result)
        }
        let isWanted = state.withLock { state in
            if state.endedEarly.remove(flight) != nil { return true }
            state.tasks[flight] = task
            return !state.isClosed && !state.flights.waiters(flight: flight, reference: reference).isEmpty
        }
        // The only caller may have left before the task was stored, so `leave` could not cancel the task.
        if !isWanted { task.cancel() }
    }

    private func end(_ flight: Int, _ reference: String, _ result: Result<Void, DockerError>) {
        let waiters = state.withLock { state in
            if state.tasks.removeValue(forKey: flight) == nil { state.endedEarly.insert(flight) }
            return state.flights.ended(flight: flight, reference: reference).compactMap {
                state.waiters.removeValue(forKey: $0)
            }
        }
        for waiter in waiters { waiter.continuation.resume(returning: result) }
    }

    private func leave(_ number: Int, _ reference: String) {
        let (waiter, task) = state.withLock { state -> (Waiter?, Task<Void, Never>?) in
            let action = state.flights.leave(number, reference: reference)
            let waiter = state.waiters.removeValue(forKey: number)
            guard case .releaseAndCancel(let flight) = action else { return (waiter, nil) }
            return (waiter, state.tasks[flight])
        }
        task?.cancel()
        waiter?.continuation.resume(returning: .failure(.pull(.cancelled, "cancelled while the image was pulled")))
    }

    private func report(_ progress: PullProgress, _ flight: Int, _ reference: String) {
        let listeners = state.withLock { state in
            state.flights.waiters(flight: flight, reference: reference).compactMap { state.waiters[$0]?.progress }
        }
        for listener in listeners { listener(progress) }
    }
}

extension DockerError {
    /// Creates the error of a failed pull, if the error does not come from an answer of the Docker Engine.
    static func pull(
        _ code: Code,
        _ message: String,
        retryable: Bool = false,
        detail: String? = nil
    ) -> DockerError {
        DockerError(code, operation: "pullImage", message: message, retryable: retryable, detail: detail)
    }
}

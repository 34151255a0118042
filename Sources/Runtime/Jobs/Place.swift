import JobContract
import Synchronization

/// A job's concurrency permit (``Permits``). It is given back once, and lent while the job only waits.
final class Place: Sendable {
    private let kind: JobKind
    private let state: WorkerState
    private let use = Mutex(Permits.Use.working)

    init(_ kind: JobKind, _ state: WorkerState) {
        self.kind = kind
        self.state = state
    }

    /// The job needs the Engine no more.
    func free() {
        use.withLock { use in
            if use != .done { state.freePlace(kind, from: use) }
            use = .done
        }
    }

    /// Runs `body`, in which the job only waits, without a permit, where not too many jobs do so.
    ///
    /// - Parameter delay: after which the waiting begins; what ends sooner keeps its permit.
    func lent<Value: Sendable, Failure: Error>(
        after delay: Duration = .zero,
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if delay == .zero {
            lend()
            defer { takeBack() }
            return try await body()
        }
        let result = await withTaskGroup(of: Void.self) { timer in
            timer.addTask {
                try? await MonotonicClock.sleep(for: delay)
                if !Task.isCancelled { self.lend() }
            }
            let result = await Result.catching(body)
            timer.cancelAll()
            return result
        }
        takeBack()
        return try result.get()
    }

    private func lend() {
        use.withLock { use in
            if use == .working, state.lendPlace(kind) { use = .waiting }
        }
    }

    private func takeBack() {
        use.withLock { use in
            guard use == .waiting else { return }
            state.takePlaceBack(kind)
            use = .working
        }
    }
}

extension Result {
    /// The outcome of `body`.
    fileprivate static func catching(_ body: () async throws(Failure) -> Success) async -> Result {
        do throws(Failure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

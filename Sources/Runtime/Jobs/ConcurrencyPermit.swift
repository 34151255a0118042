import JobContract
import Synchronization

/// A job's concurrency permit (``Permits``). The job lends the permit to others during a wait, and gives the permit
/// back once.
final class ConcurrencyPermit: Sendable {
    private let kind: JobKind
    private let intake: IntakeScheduler
    private let use = Mutex(Permits.Use.working)

    init(_ kind: JobKind, _ intake: IntakeScheduler) {
        self.kind = kind
        self.intake = intake
    }

    /// Gives the permit back. The job no longer needs the Docker Engine.
    func free() {
        use.withLock { use in
            if use != .done { intake.note { [use] in $0.freed(kind, from: use) } }
            use = .done
        }
    }

    /// Runs `body` without a permit, because the job only waits in `body`. If too many jobs already wait, the job keeps
    /// its permit.
    ///
    /// - Parameter delay: Time before the permit is lent. A shorter `body` keeps the permit.
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
            if use == .working, intake.note({ $0.lend(kind) }) { use = .waiting }
        }
    }

    private func takeBack() {
        use.withLock { use in
            guard use == .waiting else { return }
            intake.note { $0.takeBack(kind) }
            use = .working
        }
    }
}

extension Result {
    /// Returns the outcome of `body`.
    fileprivate static func catching(_ body: () async throws(Failure) -> Success) async -> Result {
        do throws(Failure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

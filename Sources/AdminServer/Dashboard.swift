import Synchronization

/// The page that a worker serves. However many look at it, Redis is read by one of them at a time, and for a small
/// part of the time only.
package final class Dashboard: Sendable {
    private struct State {
        var look: DashboardLook?
        var problem: String?
        var isReading = false
        /// Until when what was read is good enough; nil: nothing was read.
        var goodUntil: ContinuousClock.Instant?
    }

    /// Time between two reads, at least.
    private static let shortestAge = Duration.seconds(2)
    /// A read that took long is not repeated before that many times as long: a large Redis is not kept busy by viewers.
    private static let restFactor = 10

    private let worker: String
    private let read: @Sendable () async throws -> DashboardLook
    private let state = Mutex(State())

    /// - Parameter read: reads Redis; it must end in bounded time.
    package init(worker: String, read: @escaping @Sendable () async throws -> DashboardLook) {
        self.worker = worker
        self.read = read
    }

    /// The page as HTML. Who comes while Redis is being read is shown what was read before.
    package func page(_ readiness: Readiness) async -> String {
        if mustRead() { await refresh() }
        let (look, problem) = state.withLock { state in
            (state.look, state.problem ?? (state.look == nil ? "it is being read" : nil))
        }
        return DashboardPage(worker: worker, readiness: readiness, look: look, problem: problem).html
    }

    private func mustRead() -> Bool {
        state.withLock { state in
            guard !state.isReading, state.goodUntil.map({ $0 <= .now }) ?? true else { return false }
            state.isReading = true
            return true
        }
    }

    private func refresh() async {
        let begin = ContinuousClock.now
        let result: Result<DashboardLook, any Error>
        do {
            result = .success(try await read())
        } catch {
            result = .failure(error)
        }
        let end = ContinuousClock.now
        state.withLock { state in
            state.isReading = false
            state.goodUntil = end + max(Self.shortestAge, begin.duration(to: end) * Self.restFactor)
            switch result {
            case .success(let look): (state.look, state.problem) = (look, nil)
            case .failure(let error): state.problem = "\(error)"
            }
        }
    }
}

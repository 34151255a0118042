import Synchronization

/// The overview of the fleet, as a worker reads it for all viewers.
///
/// Many viewers cost Redis no more than a single viewer: at most one request reads Redis at a time, and reads take only
/// a small part of the time.
package final class Dashboard: Sendable {
    private struct State {
        var look: DashboardLook?
        var problem: String?
        var isReading = false
        /// The time until which the last read is fresh; nil: nothing was read.
        var goodUntil: ContinuousClock.Instant?
    }

    /// The shortest time between two reads.
    private static let shortestAge = Duration.seconds(3)
    /// The pause after a read, as a multiple of the read's duration. Viewers then cannot keep a large Redis busy.
    private static let restFactor = 10

    private let read: @Sendable () async throws -> DashboardLook
    private let state = Mutex(State())

    /// Creates a page.
    ///
    /// - Parameter read: Reads Redis. The call must end in bounded time.
    package init(read: @escaping @Sendable () async throws -> DashboardLook) {
        self.read = read
    }

    /// Returns the content of the overview. A request during a read gets the data of the read before.
    package func content(_ readiness: Readiness) async -> ConsoleContent {
        if mustRead() { await refresh() }
        let (look, problem) = state.withLock { state in
            (state.look, state.problem ?? (state.look == nil ? NotRead.yet.description : nil))
        }
        return DashboardPage(readiness: readiness, look: look, problem: problem).content
    }

    /// Returns the latest data from Redis. All viewers share one read.
    ///
    /// - Throws: ``NotRead`` if there is no data, or if the latest read failed.
    package func look() async throws(NotRead) -> DashboardLook {
        if mustRead() { await refresh() }
        let (look, problem) = state.withLock { ($0.look, $0.problem) }
        guard let look, problem == nil else { throw problem.map { NotRead(description: $0) } ?? .yet }
        return look
    }

    /// The reason why there is no data from Redis.
    package struct NotRead: Error, Equatable, CustomStringConvertible {
        /// The first read goes on.
        package static let yet = NotRead(description: "it is being read")

        package var description: String
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

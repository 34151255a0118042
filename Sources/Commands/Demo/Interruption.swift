import Synchronization
import UnixSignals

/// Whether a signal has come.
package final class Interruption: Sendable {
    private let flag = Mutex(false)

    package var hasHappened: Bool { flag.withLock { $0 } }

    private func happened() { flag.withLock { $0 = true } }

    /// Runs `body` until SIGINT or SIGTERM, by which it is cancelled, so that what it has begun is taken down.
    ///
    /// - Throws: what `body` throws; what it throws after a signal is of no interest.
    package static func ending(_ body: @escaping @Sendable () async throws -> Void) async throws -> Interruption {
        let interruption = Interruption()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals {
                    interruption.happened()
                    return
                }
            }
            defer { group.cancelAll() }
            try await group.next()
            // After a signal all is taken down before this ends.
            group.cancelAll()
            while let outcome = await group.nextResult() {
                if case .failure(let error) = outcome, !interruption.hasHappened { throw error }
            }
        }
        return interruption
    }
}

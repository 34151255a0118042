import Synchronization
import UnixSignals

/// Whether a signal has interrupted the program.
package final class Interruption: Sendable {
    private let flag = Mutex(false)

    package var hasHappened: Bool { flag.withLock { $0 } }

    private func happened() { flag.withLock { $0 = true } }

    /// Runs `body` to its end. SIGINT or SIGTERM cancels `body`, so that `body` can remove everything it created.
    ///
    /// - Throws: The error of `body`. After a signal, errors are ignored.
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
            // After a signal, `body` removes everything before this function returns.
            group.cancelAll()
            while let outcome = await group.nextResult() {
                if case .failure(let error) = outcome, !interruption.hasHappened { throw error }
            }
        }
        return interruption
    }
}

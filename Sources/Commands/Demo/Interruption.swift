import Synchronization
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whether a signal has interrupted the program.
package final class Interruption: Sendable {
    private let flag = Mutex(false)

    package var hasHappened: Bool { flag.withLock { $0 } }

    private func happened() { flag.withLock { $0 = true } }

    /// Runs `body` to its end. SIGINT, SIGTERM or the end of the terminal (SIGHUP) cancels `body`, so that `body` can
    /// remove everything it created.
    ///
    /// - Throws: The error of `body`. After a signal, errors are ignored.
    package static func ending(_ body: @escaping @Sendable () async throws -> Void) async throws -> Interruption {
        let interruption = Interruption()
        // `nohup` lets a program outlive its terminal.
        let trapped: [UnixSignal] = ignoresHangup ? [.sigint, .sigterm] : [.sigint, .sigterm, .sighup]
        try await withThrowingTaskGroup(of: Void.self) { group in
            let signals = await UnixSignalsSequence(trapping: trapped)
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

    private static var ignoresHangup: Bool {
        let handler = signal(SIGHUP, SIG_IGN)
        _ = signal(SIGHUP, handler)
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

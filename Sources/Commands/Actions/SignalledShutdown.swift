import Logging
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ends services by signals.
///
/// The first SIGTERM or SIGINT lets the services finish their work. The second signal ends the process at once; the
/// worker's leases then end, and other workers run its jobs.
struct SignalledShutdown: Sendable {
    let logger: Logger

    /// Runs the services until all have ended.
    func run(_ services: ServiceGroup) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var isEnding = false
                for await signal in signals {
                    if isEnding { endNow(signal) }
                    isEnding = true
                    await services.triggerGracefulShutdown()
                }
            }
            defer { group.cancelAll() }
            try await services.run()
        }
    }

    private func endNow(_ signal: UnixSignal) -> Never {
        logger.warning(
            "ending at once after a second signal; other workers finish the running jobs",
            metadata: ["signal": "\(signal)"]
        )
        // The exit code of a process killed by the signal.
        _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
    }
}

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

/// Ends services by signals: the first SIGTERM or SIGINT lets them end what they do, the second ends the process at
/// once. What a worker then leaves behind, its leases give back.
struct SignalledShutdown: Sendable {
    let logger: Logger

    /// Runs the services until they have ended.
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
            "ending at once, as a second signal asks; the jobs that run go on elsewhere",
            metadata: ["signal": "\(signal)"]
        )
        // As a process that the signal had killed.
        _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
    }
}

import Primitives

import RuntimeCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The clock of ``RuntimeCore/MonotonicInstant``. Counts the time during which the machine was suspended, so a worker
/// notices leases that ended meanwhile.
package enum MonotonicClock {
    package static var now: MonotonicInstant {
        if let host = Simulation.host { return host.now }
        var time = timespec()
        #if os(Linux)
            clock_gettime(CLOCK_BOOTTIME, &time)
        #else
            clock_gettime(CLOCK_MONOTONIC_RAW, &time)
        #endif
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The wall clock of this machine, for times to publish and to compare with other clocks.
    package static var wallNow: Timestamp {
        if let host = Simulation.host { return host.wallNow }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }

    /// Sleeps for `pause`.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    static func sleep(for pause: Duration) async throws {
        if let host = Simulation.host { return try await host.sleep(for: pause) }
        try await Task.sleep(for: pause)
    }
}

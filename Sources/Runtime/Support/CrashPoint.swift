import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The steps between which a worker may die. A debug build can be made to die at any of them, so that a test can visit
/// them all: `RTM_TEST_CRASH_AT=jobClaimed`, or `engineChange:2` for the second time that it is reached. A release
/// build has none of this.
package enum CrashPoint: String, Sendable, CaseIterable {
    /// Messages were read and not admitted.
    case messagesRead
    case messagesAdmitted
    /// A job is leased and not begun.
    case jobClaimed
    /// Network, image, spec and state folder of a start are there.
    case startPrepared
    /// Right before a call that changes something on the Engine: create, start, stop, remove.
    case engineChange
    /// A container runs, and nobody but the Engine knows.
    case containerStarted
    /// It is known that a stop is asked for, and the Engine has not been told.
    case intentRecorded
    case containerStopped
    /// The job is done, and Redis does not know.
    case beforeFinish
    case afterFinish
    case beforeRetry
    case afterRetry
    case beforeRelease
    case afterRelease
    /// Jobs of a dead worker were taken back.
    case jobsReclaimed
    /// This worker leads, and has not begun to listen.
    case leaseGranted
    case beforeEmit
    case afterEmit
    /// The worker has said goodbye.
    case left

    #if DEBUG
        private static let wanted: (point: String, time: Int)? = {
            guard let text = getenv("RTM_TEST_CRASH_AT").map({ String(cString: $0) }) else { return nil }
            let parts = text.split(separator: ":")
            return (String(parts.first ?? ""), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        }()
        private static let times = Mutex(0)
    #endif

    /// Dies here, as by `kill -9`, where the environment of a debug build wants it.
    static func reached(_ point: CrashPoint) {
        #if DEBUG
            Simulation.host?.reached(point)
            guard let wanted, wanted.point == point.rawValue else { return }
            let isNow = times.withLock { times in
                times += 1
                return times == wanted.time
            }
            if isNow { kill(getpid(), SIGKILL) }
        #endif
    }
}

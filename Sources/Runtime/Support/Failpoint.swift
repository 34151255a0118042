import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The steps at which tests can kill a worker.
///
/// `RTM_TEST_CRASH_AT=jobClaimed` kills a debug build at the step; `engineChange:2` means the second time the step is
/// reached. Tests visit all steps. A release build contains none of this.
package enum Failpoint: String, Sendable, CaseIterable {
    /// Messages are read, but not admitted.
    case messagesRead
    case messagesAdmitted
    /// A job is leased, but has not begun.
    case jobClaimed
    /// Network, image, spec and state folder of a start are ready.
    case startPrepared
    /// Right before a call that changes a container on the Docker Engine: create, start, stop, remove.
    case engineChange
    /// A container runs, but only the Docker Engine knows.
    case containerStarted
    /// The stop request is recorded, but the Docker Engine has not received the stop.
    case intentRecorded
    case containerStopped
    /// The job is done, but Redis does not know.
    case beforeFinish
    case afterFinish
    case beforeRetry
    case afterRetry
    case beforeRelease
    case afterRelease
    /// Jobs of a dead worker are taken back.
    case jobsReclaimed
    /// This worker leads, but does not listen yet.
    case leaseGranted
    case beforeEmit
    case afterEmit
    /// The worker is deregistered.
    case left

    #if DEBUG
        private static let wanted: (point: String, time: Int)? = {
            guard let text = getenv("RTM_TEST_CRASH_AT").map({ String(cString: $0) }) else { return nil }
            let parts = text.split(separator: ":")
            return (String(parts.first ?? ""), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        }()
        private static let times = Mutex(0)
    #endif

    /// Kills the worker like `kill -9`, if the environment of a debug build names this step.
    static func reached(_ point: Failpoint) {
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

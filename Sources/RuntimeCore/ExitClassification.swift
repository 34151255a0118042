import Primitives

import JobContract

/// Why a process ended, of what was seen of its end and of what jobs had asked for.
package enum ExitClassification {
    /// An `oom` this long before the end explains it no more.
    private static let longestAfterOOM = Duration.seconds(10)

    /// - Parameters:
    ///   - record: whether a job asked for this end, and whether it needed SIGKILL.
    ///   - engineWasEnding: whether the Engine ended at that time, and its containers with it.
    ///   - lastOOM: when the run's last `oom` was, where an event told of one.
    package static func reason(
        _ exit: ExitFacts,
        _ record: ContainerRecord,
        engineWasEnding: Bool = false,
        lastOOM: Timestamp? = nil
    ) -> ExitReason {
        if record.isEndAsked {
            // The worker that asked may have died before it could say what it saw.
            let isForced = record.isForced ?? record.stopIntent?.wasForced(exit) ?? (exit.exitCode == killed)
            return isForced ? .stoppedForced : .stopped
        }
        guard let code = exit.exitCode else { return .unknown }
        if code == killed, exit.oomKilled == true, isNear(lastOOM, exit.finishedAt) { return .oomKilled }
        if engineWasEnding { return .daemonShutdown }
        if code == 0 { return .completed }
        return signals.contains(code) ? .killed : .crashed
    }

    /// Whether the verdict of the stop decides the reason, and is not there yet.
    package static func needsVerdict(_ exit: ExitFacts, _ record: ContainerRecord) -> Bool {
        record.isEndAsked && record.isForced == nil && exit.exitCode == killed
    }

    /// Whether an end that was found by looking is one that the Engine's own end explains: it ends its
    /// containers by SIGTERM, then SIGKILL, unless they outlive it.
    package static func isByEngine(_ exit: ExitFacts, absence: EngineAbsence?, liveRestore: Bool) -> Bool {
        guard !liveRestore, let absence, let finishedAt = exit.finishedAt else { return false }
        return (exit.exitCode == killed || exit.exitCode == terminated) && absence.covers(finishedAt)
    }

    /// Whether the Engine gave the exit code because it found the process gone when it came back: the machine lost its
    /// power, or somebody killed the process and its shim. 255 is also what `exit(-1)` comes to, so the end must not be
    /// older than the Engine's start. Only for an end that was found by looking; the Engine tells of none of these.
    ///
    /// - Parameters:
    ///   - engineStart: when the Engine was ready to attach containers, on its own clock; nil: it does not show that.
    ///   - lastRefusal: when a call last found nobody at the Engine's socket, on this machine's clock.
    package static func isByPowerLoss(_ exit: ExitFacts, engineStart: Timestamp?, lastRefusal: Timestamp?) -> Bool {
        guard exit.exitCode == foundGone, let engineStart, let finishedAt = exit.finishedAt else { return false }
        guard finishedAt >= engineStart.advanced(by: .zero - longestStart), finishedAt <= engineStart else {
            return false
        }
        return lastRefusal.map { finishedAt >= $0.advanced(by: .zero - EngineAbsence.tolerance) } ?? true
    }

    /// An Engine that starts looks for its containers first. From there to its networks it took 0.8 s.
    private static let longestStart = Duration.seconds(10)
    /// What the Engine writes for a process that it finds gone.
    package static let foundGone = 255
    private static let killed = 137
    private static let terminated = 143
    /// What shells and init processes answer for a process that a signal ended.
    private static let signals = 129...192

    private static func isNear(_ oom: Timestamp?, _ end: Timestamp?) -> Bool {
        guard let oom, let end else { return true }
        return end <= oom.advanced(by: longestAfterOOM)
    }
}

/// A time in which the Engine did not answer, on the clock of this machine.
package struct EngineAbsence: Sendable, Equatable {
    /// When it answered last.
    package var from: Timestamp
    /// When it answered again; nil while it does not.
    package var to: Timestamp?

    package init(from: Timestamp, to: Timestamp? = nil) {
        self.from = from
        self.to = to
    }

    /// The Engine's clock and this machine's may differ by so much, where they are two.
    static let tolerance = Duration.seconds(2)

    func covers(_ time: Timestamp) -> Bool {
        guard time >= from.advanced(by: .zero - Self.tolerance) else { return false }
        return to.map { time <= $0.advanced(by: Self.tolerance) } ?? true
    }
}

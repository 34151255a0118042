import Primitives

import JobContract

/// Decides why a process ended, from the observed exit and the records of jobs.
package enum ExitClassification {
    /// An `oom` event explains an exit for this long.
    private static let longestAfterOOM = Duration.seconds(10)

    /// Returns the reason of an exit.
    ///
    /// - Parameters:
    ///   - record: Records of jobs: whether a job requested the end, and whether the stop needed SIGKILL.
    ///   - engineWasEnding: Whether the Docker Engine ended at the time, and its containers with it.
    ///   - lastOOM: The time of the run's last `oom` event, or nil without such an event.
    package static func reason(
        _ exit: ExitFacts,
        _ record: ContainerRecord,
        engineWasEnding: Bool = false,
        lastOOM: Timestamp? = nil
    ) -> ExitReason {
        if record.isEndAsked {
            // The requesting worker may have died before it could record the result of the stop.
            let isForced = record.isForced ?? record.stopIntent?.wasForced(exit) ?? (exit.exitCode == killed)
            return isForced ? .stoppedForced : .stopped
        }
        guard let code = exit.exitCode else { return .unknown }
        if code == killed, exit.oomKilled == true, isNear(lastOOM, exit.finishedAt) { return .oomKilled }
        if engineWasEnding { return .daemonShutdown }
        if code == 0 { return .completed }
        return signals.contains(code) ? .killed : .crashed
    }

    /// Returns whether the reason depends on the result of a stop that no job has recorded yet.
    package static func needsStopResult(_ exit: ExitFacts, _ record: ContainerRecord) -> Bool {
        record.isEndAsked && record.isForced == nil && exit.exitCode == killed
    }

    /// Returns whether ``isByEngine(_:absence:engineStart:liveRestore:)`` may hold, so that the Docker Engine has to be
    /// asked for its start and for live restore. Most exits need no such call.
    ///
    /// - Parameter heardSince: The begin of the event stream that would have shown a later exit, on this machine's clock;
    ///   nil without a stream. A restart may be too short for any ping.
    package static func mayBeByEngine(_ exit: ExitFacts, absence: EngineAbsence?, heardSince: Timestamp?) -> Bool {
        guard let finishedAt = exit.finishedAt else { return false }
        if isInAbsence(exit, absence) || exit.exitCode == foundGone { return true }
        guard endsBySignal(exit) else { return false }
        return heardSince.map { finishedAt <= $0.advanced(by: EngineAbsence.tolerance) } ?? true
    }

    /// Returns whether the Docker Engine's own end explains the exit.
    ///
    /// The Docker Engine ends its containers by SIGTERM, then SIGKILL, unless live restore is on. A process may end with
    /// any code then. Only for exits found by inspection.
    ///
    /// - Parameters:
    ///   - absence: The latest absence seen by this worker.
    ///   - engineStart: The Docker Engine's start on its own clock; nil if unknown. A later exit is not by its end. A
    ///     signal in the last minutes before the start came from its end.
    package static func isByEngine(
        _ exit: ExitFacts,
        absence: EngineAbsence?,
        engineStart: Timestamp? = nil,
        liveRestore: Bool
    ) -> Bool {
        guard !liveRestore, let finishedAt = exit.finishedAt else { return false }
        guard let engineStart else { return isInAbsence(exit, absence) }
        guard finishedAt <= engineStart else { return false }
        let isRecent = finishedAt >= engineStart.advanced(by: .zero - longestRestart)
        return endsBySignal(exit) && isRecent || isInAbsence(exit, absence)
    }

    private static func isInAbsence(_ exit: ExitFacts, _ absence: EngineAbsence?) -> Bool {
        guard let absence, let finishedAt = exit.finishedAt else { return false }
        return (endsBySignal(exit) || absence.isShutdown) && absence.covers(finishedAt)
    }

    /// Returns whether the Docker Engine set the exit code after finding the process gone at its start.
    ///
    /// Causes are a power loss, or a kill of the process together with its shim. A process can also end with 255 by
    /// `exit(-1)`, so the recorded end must lie within the start of the Docker Engine. Only for exits found by
    /// inspection: the Docker Engine sends no event for these exits.
    ///
    /// - Parameters:
    ///   - engineStart: The time at which the Docker Engine could attach containers, on its own clock; nil if unknown.
    ///   - lastRefusal: The last time a call was refused at the Docker Engine's socket, on this machine's clock.
    package static func isByPowerLoss(_ exit: ExitFacts, engineStart: Timestamp?, lastRefusal: Timestamp?) -> Bool {
        guard exit.exitCode == foundGone, let engineStart, let finishedAt = exit.finishedAt else { return false }
        guard finishedAt >= engineStart.advanced(by: .zero - longestStart), finishedAt <= engineStart else {
            return false
        }
        return lastRefusal.map { finishedAt >= $0.advanced(by: .zero - EngineAbsence.tolerance) } ?? true
    }

    /// A starting Docker Engine first searches for the processes of its containers, then creates its networks. The
    /// measured time between both steps was 0.8 s.
    private static let longestStart = Duration.seconds(10)
    /// The Docker Engine's exit code for a missing process.
    package static let foundGone = 255
    private static let killed = 137
    private static let terminated = 143
    private static func endsBySignal(_ exit: ExitFacts) -> Bool {
        exit.exitCode == killed || exit.exitCode == terminated
    }

    /// The Docker Engine may be away for the restart of its machine, which takes minutes.
    private static let longestRestart = Duration.seconds(300)
    /// Exit codes of shells and init processes after a signal ended their process.
    private static let signals = 129...192

    private static func isNear(_ oom: Timestamp?, _ end: Timestamp?) -> Bool {
        guard let oom, let end else { return true }
        return end <= oom.advanced(by: longestAfterOOM)
    }
}

/// A time without answers from the Docker Engine, on this machine's clock.
package struct EngineAbsence: Sendable, Equatable {
    /// The time of the last answer before the absence.
    package var from: Timestamp
    /// The time of the first answer after the absence, or nil while the absence lasts.
    package var to: Timestamp?
    /// Whether the Docker Engine ended in order: it reported ends of containers, and refused new connections.
    package var isShutdown: Bool

    package init(from: Timestamp, to: Timestamp? = nil, isShutdown: Bool = false) {
        self.from = from
        self.to = to
        self.isShutdown = isShutdown
    }

    /// Allowed difference between the Docker Engine's clock and this machine's clock.
    static let tolerance = Duration.seconds(2)

    package func covers(_ time: Timestamp) -> Bool {
        guard time >= from.advanced(by: .zero - Self.tolerance) else { return false }
        return to.map { time <= $0.advanced(by: Self.tolerance) } ?? true
    }
}

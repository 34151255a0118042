public import JobContract
public import Timestamps

/// Why a process ended, of what was seen of its end and of what jobs had asked for.
public enum ExitClassification {
    /// An `oom` this long before the end explains it no more.
    private static let longestAfterOOM = Duration.seconds(10)

    /// - Parameters:
    ///   - record: whether a job asked for this end, and whether it needed SIGKILL.
    ///   - engineWasEnding: whether the Engine ended at that time, and its containers with it.
    ///   - lastOOM: when the run's last `oom` was, where an event told of one.
    public static func reason(
        _ exit: ExitFacts,
        _ record: ContainerRecord,
        engineWasEnding: Bool = false,
        lastOOM: Timestamp? = nil
    ) -> ExitReason {
        if record.isEndAsked {
            // 128 + SIGKILL, where the stop has not said what it saw.
            return record.isForced ?? (exit.exitCode == killed) ? .stoppedForced : .stopped
        }
        guard let code = exit.exitCode else { return .unknown }
        if code == killed, exit.oomKilled == true, isNear(lastOOM, exit.finishedAt) { return .oomKilled }
        if engineWasEnding { return .daemonShutdown }
        if code == 0 { return .completed }
        return signals.contains(code) ? .killed : .crashed
    }

    /// Whether the verdict of the stop decides the reason, and is not there yet.
    public static func needsVerdict(_ exit: ExitFacts, _ record: ContainerRecord) -> Bool {
        record.isEndAsked && record.isForced == nil && exit.exitCode == killed
    }

    /// Whether an end that was found by looking is one that the Engine's own end explains: it ends its
    /// containers by SIGTERM, then SIGKILL, unless they outlive it.
    public static func isByEngine(_ exit: ExitFacts, absence: EngineAbsence?, liveRestore: Bool) -> Bool {
        guard !liveRestore, let absence, let finishedAt = exit.finishedAt else { return false }
        return (exit.exitCode == killed || exit.exitCode == terminated) && absence.covers(finishedAt)
    }

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
public struct EngineAbsence: Sendable, Equatable {
    /// When it answered last.
    public var from: Timestamp
    /// When it answered again; nil while it does not.
    public var to: Timestamp?

    public init(from: Timestamp, to: Timestamp? = nil) {
        self.from = from
        self.to = to
    }

    /// The Engine's clock and this machine's may differ by so much, where they are two.
    private static let tolerance = Duration.seconds(2)

    func covers(_ time: Timestamp) -> Bool {
        guard time >= from.advanced(by: .zero - Self.tolerance) else { return false }
        return to.map { time <= $0.advanced(by: Self.tolerance) } ?? true
    }
}

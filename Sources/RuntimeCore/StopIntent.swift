import Primitives

/// What a job says before it tells the Engine to stop a container. Whoever sees the end later can tell from it whether
/// SIGKILL was needed, though the worker that asked is gone.
package struct StopIntent: Sendable, Equatable {
    /// The job that asked.
    package var jobID: String
    /// When it asked first, on the clock of the worker; nil: an older worker did not say.
    package var askedAt: Timestamp?
    /// Time between SIGTERM and SIGKILL.
    package var timeout: Duration

    package init(jobID: String, askedAt: Timestamp?, timeout: Duration) {
        self.jobID = jobID
        self.askedAt = askedAt
        self.timeout = timeout
    }

    /// The clocks of the worker and of the Engine may differ by so much, and Docker kills a little early as to whole seconds.
    private static let tolerance = Duration.milliseconds(500)
    /// 128 and SIGKILL.
    private static let killed = 137

    /// Whether the end came after the job had asked for it.
    package func explains(_ exit: ExitFacts) -> Bool {
        guard let askedAt, let finishedAt = exit.finishedAt else { return false }
        return finishedAt >= askedAt.advanced(by: .zero - Self.tolerance)
    }

    /// Whether SIGKILL was needed: exit code 137, when the time was over. A process may also choose this code itself.
    package func wasForced(_ exit: ExitFacts) -> Bool {
        guard exit.exitCode == Self.killed else { return false }
        guard let askedAt, let finishedAt = exit.finishedAt else { return true }
        return finishedAt >= askedAt.advanced(by: timeout - Self.tolerance)
    }

    /// As Redis keeps it, one line each: job, time, whole seconds.
    package var encoded: String {
        [jobID, askedAt?.rfc3339 ?? "", String(timeout.components.seconds)].joined(separator: "\n")
    }

    /// nil if `encoded` is no intent. The id of the job alone is one of an older worker.
    package init?(encoded: String) {
        let lines = encoded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let job = lines.first, !job.isEmpty else { return nil }
        self.init(
            jobID: job,
            askedAt: lines.count > 1 ? Timestamp(rfc3339: lines[1]) : nil,
            timeout: .seconds(lines.count > 2 ? Int64(lines[2]) ?? 0 : 0)
        )
    }
}

import JobContract
import Primitives

/// A stop request, recorded by a job before the job asks the Docker Engine to stop a container.
///
/// Any later reader can derive from the request whether the stop needed SIGKILL, even if the requesting worker is gone.
package struct StopIntent: Sendable, Equatable {
    /// The requesting job.
    package var jobID: JobID
    /// The time of the first request on the worker's clock, or nil if an older worker recorded no time.
    package var askedAt: Timestamp?
    /// Time between SIGTERM and SIGKILL.
    package var timeout: Duration

    package init(jobID: JobID, askedAt: Timestamp?, timeout: Duration) {
        self.jobID = jobID
        self.askedAt = askedAt
        self.timeout = timeout
    }

    /// Allowed difference between the worker's clock and the Docker Engine's clock. Docker may also kill slightly
    /// before the end of the timeout.
    private static let tolerance = Duration.milliseconds(500)
    /// 128 plus the number of SIGKILL.
    private static let killed = 137

    /// Returns whether the exit came after the request.
    package func explains(_ exit: ExitFacts) -> Bool {
        guard let askedAt, let finishedAt = exit.finishedAt else { return false }
        return finishedAt >= askedAt.advanced(by: .zero - Self.tolerance)
    }

    /// Returns whether the stop needed SIGKILL: exit code 137 after the timeout. A process may also choose code 137
    /// itself.
    package func wasForced(_ exit: ExitFacts) -> Bool {
        guard exit.exitCode == Self.killed else { return false }
        guard let askedAt, let finishedAt = exit.finishedAt else { return true }
        return finishedAt >= askedAt.advanced(by: timeout - Self.tolerance)
    }

    /// The form stored in Redis, a line for each value: job, time, whole seconds.
    package var encoded: String {
        [jobID.text, askedAt?.rfc3339 ?? "", String(timeout.components.seconds)].joined(separator: "\n")
    }

    /// Decodes a stop request, or returns nil if `encoded` names no job. Older workers stored only the id of the job.
    package init?(encoded: String) {
        let lines = encoded.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let job = lines.first, !job.isEmpty else { return nil }
        self.init(
            jobID: JobID(job),
            askedAt: lines.count > 1 ? Timestamp(rfc3339: lines[1]) : nil,
            timeout: .seconds(lines.count > 2 ? Int64(lines[2]) ?? 0 : 0)
        )
    }
}

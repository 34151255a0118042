import JobContract
import JobQueue
import Logging
import RuntimeCore

/// How the consume loop reads messages, and what it does with the outcome of their intake.
extension Worker {
    func read(_ message: [UInt8], _ policy: Policy) -> DecodedMessage {
        Failpoint.reached(.messagesRead)
        let decoded = decoder.decode(message)
        guard case .job(let job) = decoded else { return decoded }
        if job.hasIgnoredTraceparent { RuntimeMetrics.traceparentIgnored() }
        guard var refusal = policy.refusal(of: job) else { return decoded }
        refusal.digest = job.digest
        return .rejected(refusal)
    }

    /// Notes the outcome of an intake. A refusal concerns this queue only.
    func note(
        _ intake: Result<IntakeOutcome, QueueError>,
        _ next: [WaitingMessage],
        of name: String
    ) throws(QueueError) {
        let now = MonotonicClock.now
        do throws(QueueError) {
            let outcome = try intake.get()
            report(outcome)
            RuntimeMetrics.memory(isFull: false)
            state.intake.note { $0.took(outcome, next: next, from: name, now: now) }
        } catch {
            state.intake.note { $0.failed(name, now: now) }
            if error.isOutOfMemory {
                // Admitted jobs go on.
                RuntimeMetrics.memory(isFull: true)
                if state.memoryIsFull.begins() {
                    logger.error("Redis has no memory for new jobs (maxmemory); admitted jobs go on")
                }
            } else if error.isRefusal {
                failed(name, error)
            } else {
                throw error
            }
        }
    }

    private func report(_ outcome: IntakeOutcome) {
        if outcome.taken > 0 { Failpoint.reached(.messagesAdmitted) }
        for id in outcome.reused {
            RuntimeMetrics.rejected(.idReused)
            logger.warning(
                "a message reuses the id of another job; it is a dead letter now",
                metadata: ["job": "\(id)"]
            )
        }
        for rejection in outcome.rejections {
            RuntimeMetrics.rejected(rejection.code)
            logger.warning(
                "a message was rejected",
                metadata: [
                    "job": "\(rejection.id)", "code": "\(rejection.code.rawValue)", "error": "\(rejection.error)",
                ]
            )
        }
    }
}

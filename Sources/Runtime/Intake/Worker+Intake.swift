import JobContract
import JobQueue
import Logging
import RuntimeCore

/// What the consume loop does with messages and with the outcome of their intake.
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

    /// Notes what an intake of at most so many messages says of its queue. Answers whether there may be more.
    func note(_ outcome: IntakeOutcome, of name: String, most: Int) -> Bool {
        // A paused queue is looked at again with the next tick, and not waited at: it may well have messages.
        if outcome.isPaused { return false }
        if outcome.isEmptied {
            state.emptied(name).raise()
            return false
        }
        if outcome.isFull {
            state.foundFull(name)
            return false
        }
        return true
    }

    /// Waits while no place is free, and lets the loop look further then (``IntakePace``).
    func lookAhead() async {
        while await state.isFull.wait() {
            try? await MonotonicClock.sleep(for: IntakePace.patience)
            state.work.raise()
        }
    }

    /// How an intake went; nil where Redis has no memory for more jobs, which must not stop those that it has already.
    func admitted(_ intake: Result<IntakeOutcome, QueueError>) throws(QueueError) -> IntakeOutcome? {
        do throws(QueueError) {
            let outcome = try intake.get()
            if outcome.taken > 0 { Failpoint.reached(.messagesAdmitted) }
            RuntimeMetrics.memory(isFull: false)
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
            return outcome
        } catch {
            guard error.isOutOfMemory else { throw error }
            RuntimeMetrics.memory(isFull: true)
            if state.memoryIsFull.begins() {
                logger.error("Redis has no memory for new jobs (maxmemory); admitted jobs go on")
            }
            return nil
        }
    }
}

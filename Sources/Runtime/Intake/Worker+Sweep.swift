import JobContract
import JobQueue
import Logging
import RuntimeCore

extension Worker {
    /// Sweeps whenever a sweep is due. A sweep also reports the worker as living, and finds work of lost wake-ups.
    func sweepWhenDue() async {
        var backoff = LoopBackoff()
        var hasWarned = false
        while let afterOutage = await state.due.wait() {
            do throws(QueueError) {
                let outcome = try await queue.sweep(
                    docker: DockerState(answers: watch.engineAnswers),
                    after: afterOutage ? .outage : .none
                )
                backoff.succeeded()
                state.progressed()
                state.due.swept(nextDue: outcome.nextDue, mayHaveWork: outcome.mayHaveWork)
                if outcome.leasesReclaimed + outcome.poisoned > 0 {
                    Failpoint.reached(.jobsReclaimed)
                    RuntimeMetrics.reclaimed(outcome.leasesReclaimed, poisoned: outcome.poisoned)
                    logger.warning(
                        "jobs of a worker that died were taken back",
                        metadata: ["reclaimed": "\(outcome.leasesReclaimed)", "given_up": "\(outcome.poisoned)"]
                    )
                }
                if outcome.mayHaveWork { state.intake.note { $0.swept() } }
                if outcome.mustAnnounce { state.mustAnnounce.raise() }
                if outcome.capacityDiffers, !hasWarned { warnOfCapacity() }
                hasWarned = outcome.capacityDiffers
            } catch {
                RuntimeMetrics.redisFailed(in: .sweep)
                state.suspectKeys(after: error)
                state.sweepFailed()
                state.due.sweepAtOnce(afterOutage: afterOutage)
                await backoff.pause()
            }
        }
    }

    private func warnOfCapacity() {
        let own = queue.options.capacity
        logger.warning(
            "the workers of this node have different capacities, and the smallest values hold; give all the same settings",
            metadata: [
                "node": "\(queue.worker.node)", "RTM_SLOTS": "\(own.slots)", "RTM_CAPACITY_MEMORY": "\(own.memory)",
                "RTM_CAPACITY_CPU": "\(Double(own.cpu) / 1000)",
            ]
        )
    }

    /// Renews the liveness key until the task is cancelled. After an outage, or a loss of data, a sweep is due at once.
    func renewLiveness() async {
        var hasFailed = false
        var last: String?
        while !Task.isCancelled {
            var pause = queue.options.signInterval
            do throws(QueueError) {
                let liveness = try await queue.renewLiveness()
                let mark = liveness.mark
                if hasFailed { logger.notice("Redis answers again") }
                if hasFailed || mark == nil || last != nil && mark != last {
                    state.due.sweepAtOnce(afterOutage: mark == nil)
                }
                (last, hasFailed) = (mark, false)
                if liveness.hasInbox { state.intake.note { $0.swept() } }
                // Without successful functions, a Redis that renews the key is of no use.
                if !state.isSweepFailing { state.progressed() }
            } catch {
                if !Task.isCancelled { outOfReach(error, isNews: !hasFailed) }
                hasFailed = true
                pause = .milliseconds(250)
            }
            try? await MonotonicClock.sleep(for: pause)
        }
    }

    /// Logs each outage once.
    private func outOfReach(_ error: QueueError, isNews: Bool) {
        RuntimeMetrics.redisFailed(in: .liveness)
        if isNews { logger.warning("Redis is out of reach; trying again", metadata: ["error": "\(error)"]) }
    }
}

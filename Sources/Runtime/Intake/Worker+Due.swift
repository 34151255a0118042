import JobQueue
import Logging
import RuntimeCore

extension Worker {
    /// Lets retries and leases become due, says that the worker lives, and looks for work that nobody rang for.
    func tick() async {
        var backoff = LoopBackoff()
        while let afterSilence = await state.due.wait() {
            do throws(QueueError) {
                let outcome = try await queue.sweep(
                    docker: DockerState(answers: watch.engineAnswers),
                    after: afterSilence ? .outage : .none
                )
                backoff.succeeded()
                state.progressed()
                state.due.looked(nextDue: outcome.nextDue, mayHaveWork: outcome.mayHaveWork)
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
            } catch {
                RuntimeMetrics.redisFailed(in: "tick")
                state.lookFailed()
                state.due.lookAtOnce(afterSilence: afterSilence)
                await backoff.pause()
            }
        }
    }

    /// Says again and again that Redis and a worker are there, and looks at what is due where that was not so.
    func keepAwake() async {
        var hasFailed = false
        var last: String?
        while !Task.isCancelled {
            var pause = queue.options.signInterval
            do throws(QueueError) {
                let liveness = try await queue.renewLiveness()
                let mark = liveness.mark
                if hasFailed { logger.notice("Redis answers again") }
                if hasFailed || mark == nil || last != nil && mark != last {
                    state.due.lookAtOnce(afterSilence: mark == nil)
                }
                (last, hasFailed) = (mark, false)
                if liveness.hasInbox { state.intake.note { $0.swept() } }
                // A Redis that answers this and takes no script is of no use.
                if !state.isLookFailing { state.progressed() }
            } catch {
                if !Task.isCancelled { outOfReach(error, isNews: !hasFailed) }
                hasFailed = true
                pause = .milliseconds(250)
            }
            try? await MonotonicClock.sleep(for: pause)
        }
    }

    /// Told once for each outage.
    private func outOfReach(_ error: QueueError, isNews: Bool) {
        RuntimeMetrics.redisFailed(in: "awake")
        if isNews { logger.warning("Redis is out of reach; trying again", metadata: ["error": "\(error)"]) }
    }
}

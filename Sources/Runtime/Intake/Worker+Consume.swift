import JobContract
import JobQueue
import Logging
import Redis
import RuntimeCore

extension Worker {
    /// The consume loop: does the steps of the ``IntakeMachine`` until the worker drains, then waits for the running jobs.
    func consume() async {
        // A group that keeps nothing of ended tasks: a worker lives for millions of jobs.
        await withDiscardingTaskGroup { jobs in
            var backoff = LoopBackoff()
            loop: while true {
                let step = await state.intake.nextStep { [watch] in watch.engineAnswers }
                state.noteLoop { $0.begins(now: MonotonicClock.now) }
                do throws(QueueError) {
                    switch step {
                    case .take(let take): try await perform(take, &jobs)
                    case .claim(let capacity):
                        let begin = MonotonicClock.now
                        self.begin(try await queue.claim(capacity), capacity, begin, &jobs)
                    case .sleep: break
                    case .end: break loop
                    }
                    state.noteLoop { $0.succeeded() }
                    state.due.worked()
                    backoff.succeeded()
                } catch {
                    state.noteLoop { $0.failed("\(error)", now: MonotonicClock.now) }
                    RuntimeMetrics.redisFailed(in: .consume)
                    state.suspectKeys(after: error)
                    logger.log(
                        level: state.takingFails.level(.warning),
                        "jobs cannot be taken; trying again",
                        metadata: ["error": "\(error)"]
                    )
                    await backoff.pause()
                    state.intake.note { $0.woken() }
                }
            }
            state.noteLoop { $0.succeeded() }
            await drain(&jobs)
        }
    }

    /// Takes messages in, and begins the jobs that the same call has claimed.
    private func perform(_ take: IntakeMachine.Take, _ jobs: inout DiscardingTaskGroup) async throws(QueueError) {
        let policy = Policy(configuration.node)
        let requestStart = MonotonicClock.now
        let intake: Result<IntakeOutcome, QueueError>
        var next: [WaitingMessage] = []
        var claimFailure: QueueError?
        do throws(QueueError) {
            let taken = try await queue.take(
                queue: take.queue,
                known: take.known,
                most: take.most,
                readsAhead: take.readsAhead,
                claiming: take.capacity,
                decode: { read($0, policy) }
            )
            // Before anything can be thrown: a leased job must run.
            if let claimed = taken.claimed { begin(claimed, take.capacity, requestStart, &jobs) }
            intake = taken.intake
            next = taken.next
            claimFailure = taken.claimFailure
        } catch {
            guard error.isRefusal, !error.isOfOtherForm else {
                state.intake.note { $0.lostSight(of: take.queue) }
                throw error
            }
            intake = .failure(error)
        }
        try note(intake, next, of: take.queue)
        if let claimFailure { throw claimFailure }
    }

    /// The time after which a worker looks again at starts that it has left to other nodes.
    private static let patienceWithOthers = Duration.milliseconds(500)

    private func begin(
        _ claimed: ClaimedJobs,
        _ capacity: Capacity,
        _ requestStart: MonotonicInstant,
        _ jobs: inout DiscardingTaskGroup
    ) {
        let decoded = claimed.jobs.map { decoder.decode($0.message) }
        // An admitted message decodes, unless the signing key has changed meanwhile.
        let kinds = decoded.map { if case .job(let job) = $0 { job.kind } else { JobKind.start } }
        state.intake.note { $0.claimed(kinds, of: capacity, ready: claimed.waiting) }
        // The workers that were woken for these starts may not come.
        if claimed.waiting.contains(.passed) { state.due.willBeDue(after: Self.patienceWithOthers) }
        for (index, job) in claimed.jobs.enumerated() {
            begin(job, decoded[index], ConcurrencyPermit(kinds[index], state.intake), requestStart, &jobs)
        }
    }

    private func begin(
        _ claimed: ClaimedJob,
        _ decoded: DecodedMessage,
        _ permit: ConcurrencyPermit,
        _ requestStart: MonotonicInstant,
        _ jobs: inout DiscardingTaskGroup
    ) {
        let lease = JobLease(
            id: claimed.id,
            token: claimed.token,
            trustedUntil: requestStart.advanced(by: queue.options.lease - queue.options.leaseMargin)
        )
        state.leases.insert(lease)
        Failpoint.reached(.jobClaimed)
        let attempt = JobAttempt(
            worker: self,
            claimed: claimed,
            lease: lease,
            permit: permit,
            decoded: decoded,
            begin: requestStart
        )
        jobs.addTask { [state] in
            await attempt.run()
            state.leases.remove(lease)
            permit.free()
            state.intake.note { $0.jobEnded() }
        }
    }

    /// Waits for the running jobs for at most the drain time, then gives the others back.
    private func drain(_ jobs: inout DiscardingTaskGroup) async {
        let running = state.intake.running
        guard running > 0 else { return }
        logger.notice("ending: waiting for the running jobs", metadata: ["jobs": "\(running)"])
        let limit = MonotonicClock.now.advanced(by: configuration.drainTimeout)
        while state.intake.running > 0, !Task.isCancelled {
            let left = MonotonicClock.now.duration(to: limit)
            guard left > .zero else { break }
            await state.intake.untilChanged(atMost: left)
        }
        if state.intake.running > 0 {
            logger.warning(
                "giving back the jobs that did not end in time",
                metadata: ["jobs": "\(state.intake.running)"]
            )
            jobs.cancelAll()
        }
    }
}

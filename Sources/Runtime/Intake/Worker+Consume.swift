import JobContract
import JobQueue
import Logging
import Redis
import RuntimeCore

extension Worker {
    /// The consume loop: intake and claim whenever there may be something, until drained.
    func consume() async {
        var pace = IntakePace()
        // A group that keeps nothing of what has ended: a worker lives for millions of jobs.
        await withDiscardingTaskGroup { jobs in
            var backoff = LoopBackoff()
            while !state.isDraining, !Task.isCancelled {
                await state.work.wait()
                guard watch.engineAnswers || state.hasFound else { continue }
                // Jobs that end in the same moment make room together.
                await Task.yield()
                do throws(QueueError) {
                    if !watch.engineAnswers { try await takeInForOthers(&pace, &jobs) }
                    while !state.isDraining, watch.engineAnswers {
                        state.noteLoop { $0.begins(now: MonotonicClock.now) }
                        guard try await takeOnce(&pace, &jobs) else { break }
                    }
                    state.noteLoop { $0.succeeded() }
                    state.due.worked()
                    backoff.succeeded()
                } catch {
                    state.noteLoop { $0.failed("\(error)", now: MonotonicClock.now) }
                    RuntimeMetrics.redisFailed(in: "consume")
                    logger.warning("jobs cannot be taken; trying again", metadata: ["error": "\(error)"])
                    await backoff.pause()
                    state.work.raise()
                }
            }
            // A message that has woken this worker at its end would wait until another worker looks for it.
            if state.hasFound { try? await takeInForOthers(&pace, &jobs) }
            await drain(&jobs)
        }
    }

    /// Takes in the messages that have woken this worker, although it can begin no job: Redis wakes another worker.
    private func takeInForOthers(_ pace: inout IntakePace, _ jobs: inout DiscardingTaskGroup) async throws(QueueError) {
        let none = Capacity(starts: 0, stops: 0, slots: configuration.slots)
        _ = try await takeIn(JobQueue.intakeBatch, none, &pace, &jobs)
    }

    /// One round over the queues and one claim. Answers whether another round may find more.
    private func takeOnce(
        _ pace: inout IntakePace,
        _ jobs: inout DiscardingTaskGroup
    ) async throws(QueueError) -> Bool {
        let changes = state.beginRound()
        let capacity = capacity
        let step = pace.step(capacity, of: configuration.concurrency, now: MonotonicClock.now)
        var mayHaveMore = false
        switch step {
        case .wait: state.isFull.raise()
        case .claim:
            try await claim(capacity, &pace, &jobs)
            mayHaveMore =
                pace.looksAtMessages(now: MonotonicClock.now, hasSeenSome: state.hasFound)
                && queue.options.queues.contains(where: state.mayTakeIn)
        case .take(let most):
            mayHaveMore = try await takeIn(most, capacity, &pace, &jobs)
            pace.tookIn(leavingMessages: mayHaveMore)
        }
        let left = self.capacity
        if pace.goesOn(left, mayHaveMessages: mayHaveMore) { return true }
        let waits = pace.hasFilledPlaces || left.starts == 0 || left.stops == 0 || left.slots > 0 || state.hasFoundFull
        return !state.waitForPlace(waits, since: changes)
    }

    private var capacity: Capacity {
        state.capacity(slots: configuration.slots)
    }

    private func claim(
        _ capacity: Capacity,
        _ pace: inout IntakePace,
        _ jobs: inout DiscardingTaskGroup
    ) async throws(QueueError) {
        let requestStart = MonotonicClock.now
        begin(try await queue.claim(capacity), capacity, requestStart, &pace, &jobs)
    }

    /// Takes messages in, and claims with those of the last queue. Answers whether there may be more of them.
    private func takeIn(
        _ most: Int,
        _ capacity: Capacity,
        _ pace: inout IntakePace,
        _ jobs: inout DiscardingTaskGroup
    ) async throws(QueueError) -> Bool {
        let policy = Policy(configuration.node)
        var mayHaveMore = false
        var hasClaimed = false
        for name in queue.options.queues where state.mayTakeIn(from: name) {
            // What the last queue gives is claimed with what the others gave before.
            let isLast = name == queue.options.queues.last
            let requestStart = MonotonicClock.now
            let taken: Taken
            do throws(QueueError) {
                taken = try await queue.take(
                    queue: name,
                    seen: state.takeFound(in: name),
                    most: most,
                    claiming: isLast ? capacity : nil,
                    decode: { read($0, policy) }
                )
                state.succeeded(name)
            } catch {
                guard error.isRefusal else { throw error }
                failed(name, error)
                continue
            }
            if let claimed = taken.claimed {
                // Before anything can be thrown: what is leased must be run.
                begin(claimed, capacity, requestStart, &pace, &jobs)
                hasClaimed = true
            }
            let outcome: IntakeOutcome
            do throws(QueueError) {
                guard let admitted = try admitted(taken.intake) else { continue }
                outcome = admitted
            } catch {
                guard error.isRefusal else { throw error }
                failed(name, error)
                continue
            }
            mayHaveMore = note(outcome, of: name, most: most) || mayHaveMore
        }
        if !hasClaimed { try await claim(capacity, &pace, &jobs) }
        return mayHaveMore
    }

    private func begin(
        _ claimed: ClaimedJobs,
        _ capacity: Capacity,
        _ requestStart: MonotonicInstant,
        _ pace: inout IntakePace,
        _ jobs: inout DiscardingTaskGroup
    ) {
        pace.claimed(claimed.jobs.count, of: capacity, waiting: claimed.waiting)
        for job in claimed.jobs { begin(job, requestStart, &jobs) }
    }

    private func begin(
        _ claimed: ClaimedJob,
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
        let decoded = decoder.decode(claimed.message)
        // What was admitted decodes, but for a change of the signing key meanwhile.
        let kind: JobKind = if case .job(let job) = decoded { job.kind } else { .start }
        state.began(kind)
        let permit = ConcurrencyPermit(kind, state)
        let attempt = JobAttempt(
            worker: self,
            claimed: claimed,
            lease: lease,
            permit: permit,
            decoded: decoded,
            begin: requestStart
        )
        let hasSlots = configuration.slots > 0
        jobs.addTask { [state] in
            await attempt.run()
            state.leases.remove(lease)
            permit.free()
            state.ended(hasSlots: hasSlots)
        }
    }

    /// Waits for what runs, for the drain time at most; what is left then is given back, and the group waits for that.
    private func drain(_ jobs: inout DiscardingTaskGroup) async {
        let running = state.running
        guard running > 0 else { return }
        logger.notice("ending: waiting for the running jobs", metadata: ["jobs": "\(running)"])
        let limit = MonotonicClock.now.advanced(by: configuration.drainTimeout)
        while state.running > 0, !Task.isCancelled {
            let left = MonotonicClock.now.duration(to: limit)
            guard left > .zero else { break }
            await state.work.wait(atMost: left)
        }
        if state.running > 0 {
            logger.warning("giving back the jobs that did not end in time", metadata: ["jobs": "\(state.running)"])
            jobs.cancelAll()
        }
    }
}

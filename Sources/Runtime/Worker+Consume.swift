import JobContract
import JobQueue
import Logging
import Redis
import RuntimeCore

extension Worker {
    /// The consume loop: intake and claim whenever there may be something, until drained.
    func consume() async {
        // A group that keeps nothing of what has ended: a worker lives for millions of jobs.
        await withDiscardingTaskGroup { jobs in
            var backoff = Backoff()
            while !state.isDraining, !Task.isCancelled {
                await state.work.wait()
                guard watch.engineAnswers else { continue }
                do throws(QueueError) {
                    while !state.isDraining, try await takeOnce(&jobs) {}
                    backoff.succeeded()
                } catch {
                    RuntimeMetrics.redisFailed(in: "consume")
                    logger.warning("jobs cannot be taken; trying again", metadata: ["error": "\(error)"])
                    await backoff.pause()
                    state.work.raise()
                }
            }
            await drain(&jobs)
        }
    }

    /// One round over the queues and one claim. Answers whether another round may find more.
    private func takeOnce(_ jobs: inout DiscardingTaskGroup) async throws(QueueError) -> Bool {
        // Jobs that end in the same moment make room together.
        await Task.yield()
        let admission = Admission(configuration.node)
        var mayHaveMore = false
        var hasClaimed = false
        for name in queue.options.queues where state.mayTakeIn(from: name) {
            // What the last queue gives is claimed with what the others gave before.
            let isLast = name == queue.options.queues.last
            let known = state.takeFound(in: name)
            let requestStart = MonotonicClock.now
            let taken = try await queue.take(
                queue: name,
                known: known,
                claiming: isLast ? capacity : nil,
                decode: { read($0, admission) }
            )
            if let claimed = taken.claimed {
                // Before anything can be thrown: what is leased must be run.
                for job in claimed { begin(job, requestStart, &jobs) }
                hasClaimed = true
            }
            guard let outcome = try admitted(taken.intake) else { continue }
            mayHaveMore = note(outcome, of: name, known: known) || mayHaveMore
        }
        if !hasClaimed {
            let requestStart = MonotonicClock.now
            for job in try await queue.claim(capacity) { begin(job, requestStart, &jobs) }
        }
        return mayHaveMore
    }

    private var capacity: Capacity {
        state.capacity(concurrency: configuration.concurrency, slots: configuration.slots)
    }

    private func read(_ message: [UInt8], _ admission: Admission) -> DecodedMessage {
        CrashPoint.reached(.messagesRead)
        let decoded = decoder.decode(message)
        if case .job(let job) = decoded, let refusal = admission.refusal(of: job) { return .rejected(refusal) }
        state.keep(decoded, of: message)
        return decoded
    }

    /// Notes what an intake says of its queue. Answers whether there may be more.
    private func note(_ outcome: IntakeOutcome, of name: String, known: [UInt8]?) -> Bool {
        // A paused queue is looked at again with the next tick, and not waited at: it may well have messages.
        if outcome.isPaused { return false }
        // Behind the one message that was known there may be others.
        if known != nil { return !outcome.isFull }
        if outcome.taken == outcome.seen, outcome.seen < JobQueue.intakeBatch {
            state.emptied(name).raise()
            return false
        }
        if outcome.isFull, !outcome.isFromOverflow {
            state.foundFull(name)
            return false
        }
        // With the window full again, the next round reads the queue behind what was set aside.
        return true
    }

    /// How an intake went; nil where Redis has no memory for more jobs, which must not stop those that it has already.
    private func admitted(_ intake: Result<IntakeOutcome, QueueError>) throws(QueueError) -> IntakeOutcome? {
        do throws(QueueError) {
            let outcome = try intake.get()
            if outcome.taken > 0 { CrashPoint.reached(.messagesAdmitted) }
            RuntimeMetrics.memory(isFull: false)
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
                logger.error("Redis has no memory for new jobs (maxmemory); those that it has go on")
            }
            return nil
        }
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
        CrashPoint.reached(.jobClaimed)
        let decoded = state.takeDecoded(claimed.id, claimed.message) ?? decoder.decode(claimed.message)
        // What was admitted decodes, but for a change of the signing key meanwhile.
        let kind: JobKind = if case .job(let job) = decoded { job.kind } else { .start }
        state.began(kind)
        let attempt = JobAttempt(worker: self, claimed: claimed, lease: lease, decoded: decoded, begin: requestStart)
        jobs.addTask {
            await attempt.run()
            state.leases.remove(lease)
            state.ended(kind)
        }
    }

    /// Waits for what runs, for the drain time at most; what is left then is given back, and the group waits for that.
    private func drain(_ jobs: inout DiscardingTaskGroup) async {
        let running = state.running
        guard running > 0 else { return }
        logger.notice("ending: waiting for the jobs that run", metadata: ["jobs": "\(running)"])
        let limit = MonotonicClock.now.advanced(by: configuration.drainTimeout)
        while state.running > 0, !Task.isCancelled {
            let left = MonotonicClock.now.duration(to: limit)
            guard left > .zero else { break }
            await state.work.wait(atMost: left)
        }
        if state.running > 0 {
            logger.warning("giving back what has not ended in time", metadata: ["jobs": "\(state.running)"])
            jobs.cancelAll()
        }
    }

    /// Waits at a queue without taking anything: a blocking move of its oldest message onto itself loses
    /// nothing if this connection is abandoned, which a blocking pop would.
    func peek(at name: String) async {
        let connection = connect("rtmanager-wake")
        let key = RedisArgument.string(queue.keys.queue(name))
        var backoff = Backoff()
        state.work.raise()
        while !Task.isCancelled {
            await state.emptied(name).wait()
            do throws(RedisError) {
                var found: [UInt8]?
                while found == nil, !Task.isCancelled {
                    let command = RedisCommand("BLMOVE", key, key, "RIGHT", "RIGHT", "10")
                    found = try await connection.send(command, serverTimeout: .seconds(10)).bytes
                }
                // The queue was empty before this message came. Rounds that say so late would send this connection back
                // to a queue that still has it, and each job would be looked for twice.
                state.emptied(name).lower()
                state.found(found, in: name)
                backoff.succeeded()
            } catch {
                await backoff.pause()
            }
            state.work.raise()
        }
        await connection.close()
    }

    /// Waits at this worker's doorbell, which the scripts ring.
    func answerDoorbell() async {
        let connection = connect("rtmanager-bell")
        let command = RedisCommand("BLPOP", .string(queue.keys.bell(queue.worker.id)), "10")
        var backoff = Backoff()
        while !Task.isCancelled {
            do throws(RedisError) {
                let answer = try await connection.send(command, serverTimeout: .seconds(10))
                backoff.succeeded()
                switch answer.array?.last?.string {
                case nil: continue
                case "cancel": state.beatNow.raise()
                case "leader": state.leaderResigned.raise()
                case "reconcile": state.reconcileNow.raise()
                default: state.work.raise()
                }
            } catch {
                await backoff.pause()
                // Whoever rang meanwhile was not heard.
                state.work.raise()
            }
        }
        await connection.close()
    }
}

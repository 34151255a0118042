import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore
import Tracing

/// An attempt at a job, from the claim to the job's end in Redis.
final class JobAttempt: Sendable {
    let worker: Worker
    let claimed: ClaimedJob
    let lease: JobLease
    let permit: ConcurrencyPermit
    let decoded: DecodedMessage
    /// The start of the lease.
    let begin: MonotonicInstant
    let startedNote = StartedNote()

    init(
        worker: Worker,
        claimed: ClaimedJob,
        lease: JobLease,
        permit: ConcurrencyPermit,
        decoded: DecodedMessage,
        begin: MonotonicInstant
    ) {
        self.worker = worker
        self.claimed = claimed
        self.lease = lease
        self.permit = permit
        self.decoded = decoded
        self.begin = begin
    }

    private enum Outcome: Sendable {
        case ended(JobEnding)
        case failed(JobFailure)
        /// The lease was revoked during the attempt.
        case revoked
    }

    func run() async {
        switch decoded {
        case .rejected(let rejection):
            await end(nil, .failed(rejection.code, rejection.error))
        case .job(let decoded):
            let job: Job
            do throws(Rejection) {
                job = decoded.completed(by: try lastStart(of: decoded))
            } catch {
                // An earlier attempt may have started a container.
                return await endCleared(decoded, .failed(error.code, error.error))
            }
            if isLogged(.info) {
                log.info("job begins", metadata: ["kind": "\(job.kind.rawValue)", "attempt": "\(claimed.attempt)"])
            }
            recordWait(of: job)
            let trace = JobTrace.begin(job, attempt: claimed.attempt, worker.configuration.tracer)
            defer { trace.end() }
            await settle(job, await perform(job, trace), trace)
        }
    }

    private func recordWait(of job: Job) {
        guard claimed.attempt == 1, claimed.run == 1, let taken = Timestamp(rfc3339: claimed.takenAt),
            let pushed = job.enqueuedAt.flatMap({ Timestamp(rfc3339: $0) })
        else { return }
        let wait = taken.millisecondsSinceEpoch - pushed.millisecondsSinceEpoch
        RuntimeMetrics.waited(.milliseconds(wait), in: claimed.queue)
    }

    func runner(_ progress: ProgressStore = ProgressStore(), _ trace: JobTrace = .none) -> JobRunner {
        JobRunner(
            docker: worker.docker,
            queue: worker.queue,
            configuration: worker.configuration,
            images: worker.images,
            ownership: worker.ownership,
            makeLogger: { [self] in log },
            progress: progress,
            trace: trace,
            claimed: claimed,
            isAnew: claimed.run > 1 && claimed.attempt == 1,
            startedNote: startedNote,
            permit: permit
        )
    }

    /// Returns the request of the game's last successful start, or nil if the job does not need the request.
    private func lastStart(of job: Job) throws(Rejection) -> Job? {
        guard claimed.undo == nil, let record = claimed.lastStart else { return nil }
        return try worker.decoder.lastStart(record, of: job.gameID)
    }

    /// Returns the permit for the attempt's changing calls on the Docker Engine.
    func permit(_ lease: JobLease) -> ChangePermit {
        ChangePermit {
            Failpoint.reached(.engineChange)
            let isAllowed = lease.allowsChanges(at: MonotonicClock.now)
            if isAllowed { Simulation.host?.trusted(lease) }
            return isAllowed
        }
    }

    /// Runs the job until the job ends or its lease is revoked.
    private func perform(_ job: Job, _ trace: JobTrace) async -> Outcome {
        let progress = ProgressStore(worker.progress) { [self] in await show($0) }
        defer { progress.close() }
        return await withTaskGroup(of: Outcome.self) { group in
            group.addTask { [self] in
                let outcome = await ChangePermit.$current.withValue(permit(lease)) {
                    await attempt(job, progress, trace)
                }
                lease.settle()
                return outcome
            }
            let isSettled = await lease.untilSettledOrRevoked(mayBeCancelled: mayBeCancelled)
            if !isSettled { group.cancelAll() }
            let outcome = await group.next() ?? .revoked
            // A cancelled job cleans up before its task returns, so the outcome is final here.
            if case .failed = outcome, !isSettled { return .revoked }
            return outcome
        }
    }

    private func attempt(_ job: Job, _ progress: ProgressStore, _ trace: JobTrace) async -> Outcome {
        let runner = runner(progress, trace)
        do throws(JobFailure) {
            return .ended(
                try await trace.observed { () async throws(JobFailure) in
                    switch claimed.undo {
                    case nil: try await runner.run(job)
                    case .superseded: try await runner.undo(job)
                    case .poisoned: try await runner.giveUp(job)
                    }
                }
            )
        } catch {
            return .failed(error)
        }
    }

    /// False while the attempt undoes the job. A later stop has the same aim and waits for its turn in the lane.
    private var mayBeCancelled: Bool { claimed.undo == nil }

    /// Shows the job's progress. A failure has no effect on the job.
    private func show(_ progress: JobProgress) async -> Bool {
        do throws(QueueError) {
            try await worker.queue.show(progress, of: claimed.held)
            return true
        } catch {
            return false
        }
    }

    private func settle(_ job: Job, _ outcome: Outcome, _ trace: JobTrace) async {
        switch (outcome, lease.verdict) {
        case (_, .lost):
            RuntimeMetrics.leaseLost()
            log.warning("the lease was lost; another worker goes on with the job")
            worker.state.mustAnnounce.raise()
        case (.failed(let failure), _) where failure.isGivenBack:
            RuntimeMetrics.givenBack()
            log.notice("the job went back to Redis", metadata: ["why": "\(failure.message)"])
        case (.ended(let ending), _):
            await end(job, ending, trace)
        // If the lease was no longer trusted, the cancelled job could not clean up. The next attempt then cleans up.
        case (.failed, .cancel) where mayBeCancelled && !lease.hasRefused,
            (.revoked, .cancel) where mayBeCancelled && !lease.hasRefused:
            await supersede(job, trace)
        case (.failed(let failure), _):
            // A change refused because of an untrusted lease is not a failure of the job.
            if Task.isCancelled || lease.hasRefused { return await giveBack(job) }
            await dispose(of: job, failure, trace)
        case (.revoked, _):
            await giveBack(job)
        }
    }

    private func dispose(of job: Job, _ failure: JobFailure, _ trace: JobTrace) async {
        if let said = failure.detail {
            // Only the log may have these words, because any registry may have written them.
            log.warning("attempt failed", metadata: ["error": "\(failure.message)", "said": "\(said)"])
        }
        let isEngineAway = failure.mayBeOutage ? await worker.watch.isEngineAway() : false
        let disposition = worker.configuration.retries.disposition(
            of: failure,
            isEngineAway: isEngineAway,
            attempt: claimed.attempt,
            maximumAttempts: job.maxAttempts,
            random: RandomSource.fraction()
        )
        switch disposition {
        case .end(let ending):
            // A poisoned job always ends as poisoned, even if its clean-up failed.
            let ending = claimed.undo == .poisoned ? runner().poisoned : ending
            if job.kind.startsGame { return await endCleared(job, ending, trace) }
            await end(job, ending, trace, gameRuns: failure.mayHaveLeft ? true : nil)
        case .release:
            await release(isClean: false)
        case .retry(let pause):
            RuntimeMetrics.retried(failure.code)
            trace.note(failure)
            log.warning(
                "attempt failed; trying again later",
                metadata: [
                    "code": "\(failure.code.rawValue)", "error": "\(failure.message)", "in": "\(pause.shortText)",
                ]
            )
            // After a call without an answer, the Docker Engine may still create a container.
            let mayBeClean = !failure.mayHaveLeft && failure.code != .dockerUnavailable && claimed.undo == nil
            // Any call may have failed after the start of a container, for example an inspection or a call to Redis.
            let leftovers = mayBeClean ? await leftovers(of: job) : Leftovers.possible
            await untilAnswered("retry", .beforeRetry, .afterRetry) { [self] () throws(QueueError) in
                _ = try await worker.queue.retry(
                    claimed.held,
                    after: FailedAttempt(
                        pause: pause,
                        code: failure.code,
                        error: failure.message,
                        reservation: ReservationChange(frees: !leftovers.gameMayRun),
                        remains: Remains(possible: leftovers.hasRemains)
                    )
                )
            }
            worker.state.due.willBeDue(after: pause)
            // If a stop arrived during the attempt, the lane's next job is ready.
            worker.state.intake.note { $0.woken() }
        }
    }

    /// Returns whether the worker logs the level. Checked first, because most workers do not log these lines.
    func isLogged(_ level: Logger.Level) -> Bool { level >= worker.logger.logLevel }

    var log: Logger {
        var logger = worker.logger
        logger[metadataKey: "job"] = "\(claimed.id)"
        if case .job(let job) = decoded { logger[metadataKey: "game"] = "\(job.gameID)" }
        return logger
    }
}

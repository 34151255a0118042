import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore
import Tracing

/// The end of an attempt in Redis.
extension JobAttempt {
    /// Ends the job in Redis.
    ///
    /// - Parameters:
    ///   - job: The job, or nil if the message is not a valid job any more.
    ///   - gameRuns: Whether a container of the game runs or may run; nil if nobody has looked.
    func end(
        _ job: Job?,
        _ ending: JobEnding,
        _ trace: JobTrace = .none,
        gameRuns: Bool? = nil
    ) async {
        trace.note(ending)
        var stillRuns = gameRuns ?? (job == nil)
        if let job, ending.effect == .none, gameRuns == nil { stillRuns = await leftovers(of: job).gameMayRun }
        let placement = SlotOutcome(kind: job?.kind ?? .start, ending: ending, stillRuns: stillRuns)
        let hasStarted = ending.effect == .started || ending.effect == .alreadyRunning
        let finished = FinishedJob(
            claimed,
            ending: ending,
            owner: OwnerChange(placement.owner),
            freesReservation: placement.freesReservation,
            startMessage: hasStarted ? job.flatMap(worker.decoder.startRecord) : nil,
            started: ending.effect == .started ? startedNote.value : nil
        )
        await trace.part("publish", .producer) {
            await publish(job, finished)
        }
    }

    private func publish(_ job: Job?, _ finished: FinishedJob) async {
        let ending = finished.ending
        // All work on the Docker Engine is done.
        permit.free()
        await untilAnswered("finish", .beforeFinish, .afterFinish) { [self] () throws(QueueError) in
            switch try await worker.finishing.finish(finished) {
            case .stale:
                log.warning("the job had been taken over; its end counts there")
                worker.state.mustAnnounce.raise()
            default:
                RuntimeMetrics.ended(job?.kind, ending, after: begin.duration(to: MonotonicClock.now))
                logEnd(ending)
            }
        }
    }

    /// Ends a start after its last attempt. First removes its container, also a container of an earlier attempt. An
    /// exited container stays for its logs.
    ///
    /// An ending worker has no time for the removal, and a worker whose lease may have expired changes nothing. Both
    /// give the job back, and the next attempt removes the container.
    func endCleared(_ job: Job, _ ending: JobEnding, _ trace: JobTrace = .none) async {
        let runner = runner()
        let isLeft = await ChangePermit.$current.withValue(permit(lease)) { await !runner.clearAway(job) }
        if isLeft, lease.hasRefused || Task.isCancelled { return await release(isClean: false) }
        await end(job, ending, trace, gameRuns: isLeft ? true : nil)
    }

    /// Gives a cancelled job back.
    func giveBack(_ job: Job) async {
        if lease.hasRefused { return await release(isClean: false) }
        await release(isClean: await !leftovers(of: job).hasRemains)
    }

    /// Ends a start that was cancelled because of a later stop or remove. If the cancelled start could not remove its
    /// container, the job is given back, and the next attempt removes the container: a remove without `force` would
    /// leave the container running.
    func supersede(_ job: Job, _ trace: JobTrace) async {
        let leftovers = await leftovers(of: job)
        if leftovers.hasRemains { return await release(isClean: false) }
        await end(job, JobRunner.superseded, trace, gameRuns: leftovers.gameMayRun)
    }

    /// Returns what a start or restart has left on the Docker Engine. Without an answer, everything may be there. Other
    /// jobs start no container, and the game may run until they end.
    func leftovers(of job: Job) async -> Leftovers {
        guard job.kind.startsGame else { return Leftovers(gameMayRun: true, hasRemains: false) }
        let jobRunner = runner()
        return await withCancellationShield {
            let found = try? await withDeadline(Self.timeForLook, sleep: { try await MonotonicClock.sleep(for: $0) }) {
                await jobRunner.leftovers(of: job)
            }
            return found ?? .possible
        }
    }

    /// Limit for a look at the Docker Engine after an attempt, because an ending worker waits for the look.
    private static let timeForLook = Duration.seconds(5)

    func release(isClean: Bool = true) async {
        RuntimeMetrics.givenBack()
        log.notice("giving the job back")
        await untilAnswered("release", .beforeRelease, .afterRelease) { [self] () throws(QueueError) in
            try await worker.queue.release([claimed.held], remains: Remains(possible: !isClean))
        }
        worker.state.intake.note { $0.woken() }
    }

    /// Repeats a call to Redis until Redis answers, for at most 600 s. A late or repeated call does no harm, because
    /// Redis compares the token.
    ///
    /// An ending worker cancels its jobs. Redis must still learn the result, or the jobs would wait for the ends of
    /// their leases. A cancelled attempt therefore repeats the call for up to 5 s in a task without cancellation.
    func untilAnswered(
        _ what: String,
        _ before: Failpoint,
        _ after: Failpoint,
        _ body: @Sendable @escaping () async throws(QueueError) -> Void
    ) async {
        Failpoint.reached(before)
        defer { Failpoint.reached(after) }
        if !Task.isCancelled, await repeated(what, for: .seconds(600), body) { return }
        if Task.isCancelled {
            _ = await withCancellationShield { [self] in await repeated(what, for: .seconds(5), body) }
        }
    }

    /// Repeats the call for at most `limit`. Returns whether Redis answered.
    private func repeated(
        _ what: String,
        for limit: Duration,
        _ body: @Sendable () async throws(QueueError) -> Void
    ) async -> Bool {
        var backoff = LoopBackoff()
        let giveUpAt = MonotonicClock.now.advanced(by: limit)
        while MonotonicClock.now < giveUpAt {
            do throws(QueueError) {
                try await body()
                return true
            } catch {
                // The worker is ending: the caller repeats the call in a task without cancellation.
                if Task.isCancelled { return false }
                worker.state.suspectKeys(after: error)
                log.log(
                    level: worker.state.endingFails.level(.error),
                    "Redis did not take what became of the job; trying again",
                    metadata: ["call": "\(what)", "error": "\(error)"]
                )
                await backoff.pause()
            }
        }
        return false
    }

    private func logEnd(_ ending: JobEnding) {
        let level: Logger.Level = ending.outcome == .failed ? .warning : .info
        guard isLogged(level) else { return }
        var metadata: Logger.Metadata = [
            "outcome": "\(ending.outcome.rawValue)", "effect": "\(ending.effect.rawValue)",
        ]
        if let code = ending.errorCode { metadata["code"] = "\(code.rawValue)" }
        if let error = ending.error { metadata["error"] = "\(error)" }
        if let id = ending.containerID { metadata["container"] = "\(id.short)" }
        log.log(level: level, "job ended", metadata: metadata)
    }
}

extension OwnerChange {
    fileprivate init(_ owner: SlotOutcome.Owner) {
        switch owner {
        case .keep: self = .keep
        case .clear: self = .clear
        case .undo: self = .undo
        }
    }
}

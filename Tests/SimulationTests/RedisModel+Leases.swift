import JobContract
import Primitives

@testable import JobQueue
@testable import Models
@testable import Support

extension RedisModel {
    func holds(_ id: JobID, _ token: LeaseToken) -> Bool {
        (tokens[id] == token || mutation == .finishWithoutToken) && lanes.jobs[id]?.state == .running
    }

    mutating func extend(
        _ held: [HeldJob],
        docker: DockerState,
        by caller: Caller,
        at time: Int64
    ) -> HeartbeatResult {
        let now = begin(at: time)
        noteAlive(caller.node, docker, at: now)
        let answers: [LeaseReply] = held.map { job in
            let (id, token) = (job.id, job.token)
            guard holds(id, token) else { return .lost }
            leases[id] = now + lease
            return lanes.jobs[id]?.isCancelled == true ? .cancel : .ok
        }
        return HeartbeatResult(mustAnnounce: !told.contains(caller.node), answers: answers)
    }

    mutating func finish(_ job: FinishedJob, by caller: Caller, at time: Int64) -> FinishAnswer {
        let now = begin(at: time)
        let (id, token) = (job.claimed.id, job.claimed.token)
        guard holds(id, token) else {
            return lanes.jobs[id] == nil && endedBy[id] == token ? .again : .stale
        }
        let game = lanes.jobs[id]?.message.game ?? ""
        lanes.finish(
            id,
            job.ending.outcome,
            job.ending.errorCode?.rawValue,
            owner: job.owner,
            frees: job.freesReservation,
            node: caller.node
        )
        if let started = job.started {
            record(.started(checkpoint: started.checkpoint), of: started.containerID, by: caller, at: time)
            lanes.setReservation(game, started.demand, on: caller.node)
            holders[caller.node, default: [:]][game] = started.containerID
            if lanes.owners[game] == caller.node { lanes.raise(game, token.fence) }
        }
        if let start = job.startMessage { specs[game] = Array(start.utf8) }
        settle(at: now, by: job.ending)
        return .ok
    }

    mutating func retry(_ job: HeldJob, after failure: FailedAttempt, by caller: Caller, at time: Int64) -> Bool {
        let now = begin(at: time)
        guard holds(job.id, job.token) else { return false }
        let isClean = failure.remains == .nothing
        lanes.retry(job.id, frees: failure.reservation == .free, isClean: isClean, node: caller.node)
        letGo(job.id)
        if lanes.jobs[job.id] != nil { delays[job.id] = now + failure.pause.milliseconds }
        settle(at: now)
        return true
    }

    mutating func reserve(_ demand: Demand, for job: HeldJob, by caller: Caller, at time: Int64) -> ReserveAnswer {
        let now = begin(at: time)
        guard holds(job.id, job.token) else { return .stale }
        if lanes.reserve(job.id, demand, on: caller.node) { return .ok }
        letGo(job.id)
        settle(at: now)
        return .full
    }

    mutating func release(_ jobs: [HeldJob], remains: Remains, by caller: Caller, at time: Int64) {
        let now = begin(at: time)
        for job in jobs where holds(job.id, job.token) {
            lanes.release(job.id, isClean: remains == .nothing, node: caller.node)
            letGo(job.id)
        }
        settle(at: now)
    }

    mutating func letGo(_ id: JobID) {
        if lanes.jobs[id] != nil { tokens[id] = nil }
        leases[id] = nil
        cancelsRung.remove(id)
    }

    /// What `note_outage` in context.lua does.
    mutating func noteSilence(_ now: Int64) {
        guard awake.until <= ownTime else { return }
        resumedAt = now
        awake = (now, ownTime + options.silence.milliseconds)
    }

    /// What Redis does with `GETEX`, and whether it has messages in an inbox.
    mutating func renewLiveness(at time: Int64) -> Liveness {
        let hasInbox = options.queues.contains { lanes.inbox[$0, default: 0] > 0 }
        guard awake.until > time else { return Liveness(mark: nil, hasInbox: hasInbox) }
        awake.until = time + options.silence.milliseconds
        return Liveness(mark: String(awake.since), hasInbox: hasInbox)
    }

    mutating func sweep(docker: DockerState, after outage: OutageNotice, by caller: Caller, at time: Int64)
        -> SweepOutcome
    {
        let now = begin(at: time)
        noteAlive(caller.node, docker, at: now)
        if outage == .outage || leases.values.contains(where: { $0 <= now }) { noteSilence(now) }
        var outcome = SweepOutcome(retriesDue: 0, leasesReclaimed: 0, poisoned: 0, nextDue: nil, mayHaveWork: false)
        for (id, due) in delays.sorted(by: { $0.value == $1.value ? $0.key < $1.key : $0.value < $1.value })
        where due <= now {
            delays[id] = nil
            // One that a stop has made pointless waits for its end already.
            guard lanes.states[lanes.jobs[id]?.message.game ?? ""] == .delayed else { continue }
            lanes.retryDue(id)
            outcome.retriesDue += 1
        }
        if now >= resumedAt + lease, mutation != .noReclaim {
            for id in leases.filter({ $0.value <= now }).keys.sorted() {
                lanes.leaseLapsed(id)
                letGo(id)
                if lanes.jobs[id] == nil { outcome.poisoned += 1 } else { outcome.leasesReclaimed += 1 }
            }
        }
        lanes.expireLate()
        loseSilent(now)
        let takenBack = leases.values.map { max($0, resumedAt + lease) }
        outcome.nextDue = (Array(delays.values) + takenBack).min().map { .milliseconds(max(0, $0 - now)) }
        let lists = ["stop:default", "start:default"].flatMap { [$0, "\($0):\(caller.node)"] }
        outcome.mayHaveWork =
            !(lanes.queues["default"] ?? []).isEmpty || lists.contains { !(lanes.ready[$0] ?? []).isEmpty }
        outcome.mustAnnounce = !told.contains(caller.node)
        settle(at: now)
        return outcome
    }

    /// An operator's retry of the oldest dead letter of a valid job; answers which job and run.
    mutating func requeue(at time: Int64) -> (id: JobID, run: Int)? {
        let now = begin(at: time)
        guard let index = lanes.letters.firstIndex(where: { !$0.message.isInvalid && lanes.jobs[$0.message.id] == nil })
        else { return nil }
        let letter = lanes.letters.remove(at: index)
        var message = letter.message
        message.isExpired = false
        deadlines[message.id] = nil
        lanes.ended[message.id] = nil
        endedBy[message.id] = nil
        lanes.place(message, queue: letter.queue, run: letter.run + 1)
        settle(at: now)
        return (message.id, letter.run + 1)
    }
}

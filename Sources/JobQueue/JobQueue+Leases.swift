import JobContract
import Primitives
import Redis

/// A job that this worker has leased.
package struct ClaimedJob: Sendable, Equatable {
    package var id: String
    /// Proves the lease; a job that was leased anew has another.
    package var token: String
    /// How often the job has been begun, this time included.
    package var attempt: Int
    package var queue: String
    /// The producer's bytes.
    package var message: [UInt8]
    /// Of a restart: the message of the game's last successful start, where there was one.
    package var lastStart: [UInt8]?
    /// 2 and up: after an operator's retry.
    package var run: Int
    /// When it was leased, on the shared clock, RFC 3339.
    package var takenAt: String
    /// What the producer's bytes say, where the call that has claimed it had decoded them.
    package var decoded: DecodedMessage?
    /// ``Job/digest`` of what it asks for, as it was admitted.
    package var digest = ""
    /// Why it is not to be run, and only what an attempt before may have left behind is to be undone; nil: it is run.
    package var undo: Undo?

    /// Why a job is only undone.
    package enum Undo: Int, Sendable {
        /// A later stop or remove has made it pointless.
        case superseded = 1
        /// It has killed too many workers.
        case poisoned = 2
    }
}

/// What a claim has brought.
package struct ClaimedJobs: Sendable, Equatable {
    package var jobs: [ClaimedJob]
    /// What waits that the worker had no place for.
    package var waiting: JobClasses

    package init(_ jobs: [ClaimedJob] = [], waiting: JobClasses = []) {
        self.jobs = jobs
        self.waiting = waiting
    }
}

/// Kinds of jobs that have places of their own, as claim.lua adds them up.
package struct JobClasses: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Stops and removes.
    package static let stops = JobClasses(rawValue: 1)
    /// Starts and restarts.
    package static let starts = JobClasses(rawValue: 2)
}

/// How much a worker can take.
package struct Capacity: Sendable, Equatable {
    /// Starts and restarts.
    package var starts: Int
    /// Stops and removes; these have places of their own, so that they never wait behind starts.
    package var stops: Int
    /// Games that the node may run; 0: no bound.
    package var slots: Int

    package init(starts: Int, stops: Int, slots: Int) {
        self.starts = starts
        self.stops = stops
        self.slots = slots
    }
}

/// What Redis says of a leased job.
package enum BeatAnswer: String, Sendable {
    case ok
    /// A stop of the game waits: undo it.
    case cancel
    /// Another worker has it, or it has ended: touch nothing of it any more.
    case lost
}

/// What a beat brings back.
package struct HeartbeatResult: Sendable, Equatable {
    /// Whether Redis does not know what the node owns, because it lost its data: the worker has to join anew.
    package var mustTell: Bool
    /// One per job, in their order.
    package var answers: [BeatAnswer]
}

/// What the end of a job means for the node's ownership of its game.
package enum OwnerChange: String, Sendable {
    case keep
    /// The node owns the game no longer.
    case clear
    /// The node owns the game no longer where this job made it the owner.
    case undo
}

/// A job to be ended. It is handed on by reference: what it says is a lot to copy.
package final class FinishedJob: Sendable {
    package let claimed: ClaimedJob
    /// What its message says; nil where that cannot be read any more.
    package let job: Job?
    package let ending: JobEnding
    package let owner: OwnerChange
    /// Whether the game's place on the node is free again.
    package let freesPlace: Bool
    /// What the game runs from now on, as a start message that a later restart can complete itself by; nil: unchanged.
    package let startMessage: String?
    /// The container that it has started, of which the listener is told.
    package let begun: BegunContainer?

    package init(
        _ claimed: ClaimedJob,
        _ job: Job?,
        ending: JobEnding,
        owner: OwnerChange,
        freesPlace: Bool,
        startMessage: String? = nil,
        begun: BegunContainer? = nil
    ) {
        self.claimed = claimed
        self.job = job
        self.ending = ending
        self.owner = owner
        self.freesPlace = freesPlace
        self.startMessage = startMessage
        self.begun = begun
    }

    /// Appends what finish.lua names, in its order.
    fileprivate func append(to arguments: inout [RedisArgument], by worker: WorkerIdentity) {
        func add(_ text: String?) { arguments.append(.string(text ?? "")) }
        add(claimed.id)
        add(claimed.token)
        add(owner.rawValue)
        add(freesPlace ? "free" : "keep")
        add(startMessage)
        add(begun?.containerID)
        add(begun?.mark)
        add(job?.kind.rawValue)
        add(job?.gameID)
        add(ending.outcome.rawValue)
        add(ending.errorCode?.rawValue)
        add(ending.error)
        let run = claimed.run > 1 ? String(claimed.run) : nil
        add(run)
        add(claimed.digest)
        let count = arguments.count
        arguments.append(0)
        func add(_ name: RedisArgument, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            arguments.append(name)
            arguments.append(.string(text))
        }
        add("job_id", claimed.id)
        add("kind", job?.kind.rawValue)
        add("game_id", job?.gameID)
        add("outcome", ending.outcome.rawValue)
        add("effect", ending.effect.rawValue)
        add("error_code", ending.errorCode?.rawValue)
        add("error", ending.error)
        add("container_id", ending.containerID)
        add("container_name", ending.containerName)
        add("engine_endpoint", ending.engineEndpoint)
        add("started_at", ending.startedAt?.rfc3339)
        add("forced", ending.forced ? "true" : nil)
        add("attempts", String(claimed.attempt))
        add("run", run)
        add("enqueued_at", job?.enqueuedAt)
        add("taken_at", claimed.takenAt)
        add("traceparent", job?.traceparent)
        add("worker", worker.id)
        add("node", worker.node)
        arguments += ["finished_at", ""]
        arguments[count] = .integer(Int64(arguments.count - count - 1))
    }
}

/// A container that a job has started.
package struct BegunContainer: Sendable, Equatable {
    package var containerID: String
    /// The mark of its run.
    package var mark: String

    package init(containerID: String, mark: String) {
        self.containerID = containerID
        self.mark = mark
    }
}

/// How an end went.
package enum FinishAnswer: String, Sendable {
    case ok
    /// It had been ended by this token before: the first answer was lost.
    case again
    /// The token was replaced: nothing was done.
    case stale
}

/// What an end of jobs brings back.
package struct FinishOutcome: Sendable, Equatable {
    /// One per job, in their order.
    package var answers: [FinishAnswer]
    /// Whether next jobs of their games are ready now, of which nobody is told but the caller.
    package var hasMadeReady: Bool

    package init(answers: [FinishAnswer], hasMadeReady: Bool) {
        self.answers = answers
        self.hasMadeReady = hasMadeReady
    }
}

/// What a tick moved.
package struct TickOutcome: Sendable, Equatable {
    package var retriesDue: Int
    package var leasesReclaimed: Int
    package var poisoned: Int
    /// Time until the next retry or lease is due; nil: there is none.
    package var nextDue: Duration?
    /// Whether this worker may find something to take in or to claim.
    package var mayHaveWork: Bool
    /// Whether Redis does not know what the node owns, because it lost its data: the worker has to join anew.
    package var mustTell = false
}

extension JobQueue {
    /// Leases as many ready jobs as there is capacity for. Its answer also parks the worker where it could
    /// take more, so that others ring it.
    package func claim(_ capacity: Capacity) async throws(QueueError) -> ClaimedJobs {
        let arguments = [.string(worker.id), .string(worker.node)] + claimArguments(capacity)
        let answer = try await call(Scripts.claim, arguments + options.queues.map { .string($0) })
        guard let parts = answer.array, parts.count == 2, let waiting = parts[0].integer else {
            throw unexpected(Scripts.claim, answer)
        }
        var none = Set<Int>()
        return try claimed(parts[1], waiting: waiting, placed: [], &none, Scripts.claim)
    }

    /// From the nonce on, as claim.lua names them.
    func claimArguments(_ capacity: Capacity) -> [RedisArgument] {
        [
            .string(worker.nonce), .integer(options.lease.milliseconds), .integer(Int64(capacity.starts)),
            .integer(Int64(capacity.stops)), .integer(Int64(capacity.slots)),
        ]
    }

    /// The jobs that a script has claimed.
    ///
    /// - Parameters:
    ///   - placed: messages that the same call has taken in.
    ///   - begun: gets the numbers of those of them that were claimed.
    func claimed(
        _ answer: RedisValue,
        waiting: Int64,
        placed: [(message: [UInt8], decoded: DecodedMessage)],
        _ begun: inout Set<Int>,
        _ script: RedisScript
    ) throws(QueueError) -> ClaimedJobs {
        guard let rows = answer.array else { throw unexpected(script, answer) }
        var jobs: [ClaimedJob] = []
        jobs.reserveCapacity(rows.count)
        let takenAt = rows.first?.string ?? ""
        for row in rows.dropFirst() {
            guard let parts = row.array, parts.count == 9, let id = parts[0].string, let token = parts[1].string,
                let attempt = parts[2].integer, let queue = parts[3].string
            else { throw unexpected(script, answer) }
            let lastStart = parts[5].bytes.flatMap { $0.isEmpty ? nil : $0 }
            var job = ClaimedJob(
                id: id,
                token: token,
                attempt: Int(attempt),
                queue: queue,
                message: [],
                lastStart: lastStart,
                run: parts[6].integer.map { Int($0) } ?? 1,
                takenAt: takenAt,
                digest: parts[8].string ?? "",
                undo: parts[7].integer.flatMap { ClaimedJob.Undo(rawValue: Int($0)) }
            )
            if let bytes = parts[4].bytes {
                job.message = bytes
            } else if let number = parts[4].integer, placed.indices.contains(Int(number) - 1) {
                begun.insert(Int(number) - 1)
                (job.message, job.decoded) = placed[Int(number) - 1]
            } else {
                throw unexpected(script, answer)
            }
            jobs.append(job)
        }
        return ClaimedJobs(jobs, waiting: JobClasses(rawValue: Int(waiting)))
    }

    /// Says that the worker lives, and lengthens its leases.
    ///
    /// - Parameter engineAnswers: whether the node counts as having a worker with a living Engine.
    package func beat(
        _ jobs: [(id: String, token: String)],
        engineAnswers: Bool
    ) async throws(QueueError) -> HeartbeatResult {
        var arguments: [RedisArgument] = [
            .string(worker.id), .string(worker.node), engineAnswers ? "1" : "0",
            .integer(options.lease.milliseconds), .integer(options.aliveTime.milliseconds),
        ]
        for job in jobs { arguments += [.string(job.id), .string(job.token)] }
        let answer = try await call(Scripts.beat, arguments)
        guard let words = answer.array?.compactMap(\.string), words.count == jobs.count + 1 else {
            throw unexpected(Scripts.beat, answer)
        }
        let answers = words.dropFirst().compactMap(BeatAnswer.init(rawValue:))
        guard answers.count == jobs.count else { throw unexpected(Scripts.beat, answer) }
        return HeartbeatResult(mustTell: words[0] == "tell", answers: answers)
    }

    /// Ends jobs that have been run: result, idempotency record, owner and next of the lane in one step.
    package func finish(_ jobs: [FinishedJob]) async throws(QueueError) -> FinishOutcome {
        var arguments: [RedisArgument] = [.string(worker.id), .string(worker.node)]
        arguments.reserveCapacity(2 + 48 * jobs.count)
        for job in jobs { job.append(to: &arguments, by: worker) }
        let answer = try await call(Scripts.finish, arguments)
        guard let parts = answer.array, parts.count == jobs.count + 1, let next = parts[0].integer else {
            throw unexpected(Scripts.finish, answer)
        }
        let answers = parts.dropFirst().compactMap { $0.string.flatMap(FinishAnswer.init(rawValue:)) }
        guard answers.count == jobs.count else { throw unexpected(Scripts.finish, answer) }
        return FinishOutcome(answers: answers, hasMadeReady: next == 1)
    }

    /// Shows how far a leased job has come. It does nothing where the job is not this worker's any more.
    package func show(_ progress: JobProgress, of id: String, token: String) async throws(QueueError) {
        _ = try await call(Scripts.progress, [.string(id), .string(token), .string(progress.encoded)])
    }

    /// Parks a job whose attempt failed, and with it the lane of its game.
    ///
    /// - Returns: whether the job was still this worker's.
    package func retry(
        id: String,
        token: String,
        after pause: Duration,
        code: ErrorCode,
        error: String,
        freesPlace: Bool = true,
        isClean: Bool = true
    ) async throws(QueueError) -> Bool {
        let answer = try await call(
            Scripts.retry,
            [
                .string(worker.id), .string(worker.node), .string(id), .string(token),
                .integer(pause.milliseconds), .string(code.rawValue), .string(error), freesPlace ? "free" : "keep",
                isClean ? "clean" : "dirty",
            ]
        )
        return answer.string != "stale"
    }

    /// Gives jobs back without burning an attempt.
    ///
    /// - Parameter isClean: false where they may have left something behind, which the next attempt has to look at.
    package func release(_ jobs: [(id: String, token: String)], isClean: Bool = true) async throws(QueueError) {
        guard !jobs.isEmpty else { return }
        var arguments: [RedisArgument] = [.string(worker.id), .string(worker.node)]
        for job in jobs { arguments += [.string(job.id), .string(job.token), isClean ? "clean" : "dirty"] }
        _ = try await call(Scripts.release, arguments)
    }

    /// Says that the worker lives, and makes due what waits for a time; any worker does it, for all.
    ///
    /// - Parameters:
    ///   - engineAnswers: whether the node counts as having a worker with a living Engine.
    ///   - afterSilence: whether ``keepAwake()`` has found that there was one.
    package func tick(engineAnswers: Bool, afterSilence: Bool) async throws(QueueError) -> TickOutcome {
        let answer = try await call(
            Scripts.tick,
            [
                .string(worker.id), .string(worker.node), engineAnswers ? 1 : 0,
                .integer(options.aliveTime.milliseconds), .integer(options.lease.milliseconds), afterSilence ? 1 : 0,
                .integer(Int64(options.crashLimit)), 64,
            ] + options.queues.map { .string($0) }
        )
        guard let counts = answer.array?.compactMap(\.integer), counts.count == 6 else {
            throw unexpected(Scripts.tick, answer)
        }
        return TickOutcome(
            retriesDue: Int(counts[0]),
            leasesReclaimed: Int(counts[1]),
            poisoned: Int(counts[2]),
            nextDue: counts[3] < 0 ? nil : .milliseconds(counts[3]),
            mayHaveWork: counts[4] == 1,
            mustTell: counts[5] == 1
        )
    }
}

import JobContract
import Primitives
import Redis

/// A job leased by this worker.
package struct ClaimedJob: Sendable, Equatable {
    package var id: JobID
    /// The number of the lease, which proves the lease to Redis. Each claim gives a new token.
    package var token: String
    /// The number of attempts, including the current attempt.
    package var attempt: Int
    package var queue: String
    /// The producer's bytes.
    package var message: [UInt8]
    /// For a restart: the record of the game's last successful start, if there is one.
    package var lastStart: [UInt8]?
    /// The number of the job's life. An operator's retry begins run 2 and later runs.
    package var run: Int
    /// The time of the claim by the shared clock, in RFC 3339.
    package var takenAt: String
    /// The decoded message, if the claiming call had decoded it.
    package var decoded: DecodedMessage?
    /// The ``Job/digest`` of the job at its admission.
    package var digest = ""
    /// The reason to undo the job instead of running it; nil: the worker runs the job.
    package var undo: Undo?

    /// The reason why a worker only removes what an earlier attempt may have left behind.
    package enum Undo: Int, Sendable {
        /// A later stop or remove made the job obsolete.
        case superseded = 1
        /// The job's worker died too often.
        case poisoned = 2
    }
}

/// The result of a claim.
package struct ClaimedJobs: Sendable, Equatable {
    package var jobs: [ClaimedJob]
    /// The classes with ready jobs left after the claim, for lack of capacity.
    package var waiting: JobClasses

    package init(_ jobs: [ClaimedJob] = [], waiting: JobClasses = []) {
        self.jobs = jobs
        self.waiting = waiting
    }
}

/// The classes of jobs with separate concurrency permits. claim.lua adds up these numbers.
package struct JobClasses: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Stops and removes.
    package static let stops = JobClasses(rawValue: 1)
    /// Starts and restarts.
    package static let starts = JobClasses(rawValue: 2)
}

/// The number of jobs that a worker can take now.
package struct Capacity: Sendable, Equatable {
    /// Starts and restarts.
    package var starts: Int
    /// Stops and removes. Their permits are separate, so stops never wait behind starts.
    package var stops: Int
    /// The number of games that the node may run; 0: no limit.
    package var slots: Int

    package init(starts: Int, stops: Int, slots: Int) {
        self.starts = starts
        self.stops = stops
        self.slots = slots
    }
}

/// Redis' reply about a leased job.
package enum BeatAnswer: String, Sendable {
    case ok
    /// A stop of the game waits, so the worker must undo the job.
    case cancel
    /// The job has ended, or another worker has leased it. This worker must not touch the job any more.
    case lost
}

/// The result of extending leases.
package struct HeartbeatResult: Sendable, Equatable {
    /// Whether Redis has lost the node's games, so that the worker must announce them again.
    package var mustTell: Bool
    /// The replies, one for each job, in the order of the jobs.
    package var answers: [BeatAnswer]
}

/// The effect of a job's end on the node's ownership of the game.
package enum OwnerChange: String, Sendable {
    case keep
    /// The node no longer owns the game.
    case clear
    /// The node no longer owns the game if this job made the node the owner.
    case undo
}

/// A job to end. A class, because copying all its fields would cost much.
package final class FinishedJob: Sendable {
    package let claimed: ClaimedJob
    /// The decoded job; nil if the message can no longer be read.
    package let job: Job?
    package let ending: JobEnding
    package let owner: OwnerChange
    /// Whether the game's reservation on the node ends.
    package let freesPlace: Bool
    /// The record of the game's start for later restarts; nil: the record does not change.
    package let startMessage: String?
    /// The container started by the job, reported to the node's leader.
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

    /// Appends the arguments of finish.lua, in the script's order.
    fileprivate func append(to arguments: inout [RedisArgument], by worker: WorkerIdentity) {
        func add(_ text: String?) { arguments.append(.string(text ?? "")) }
        add(claimed.id.text)
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
        add("job_id", claimed.id.text)
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

/// A container started by a job.
package struct BegunContainer: Sendable, Equatable {
    package var containerID: String
    /// The checkpoint of the container's current run.
    package var mark: String

    package init(containerID: String, mark: String) {
        self.containerID = containerID
        self.mark = mark
    }
}

/// The result of ending a job.
package enum FinishAnswer: String, Sendable {
    case ok
    /// This token had already ended the job, and the first reply was lost.
    case again
    /// Another token replaced this token, so nothing was done.
    case stale
}

/// The result of ending jobs.
package struct FinishOutcome: Sendable, Equatable {
    /// The results, one for each job, in the order of the jobs.
    package var answers: [FinishAnswer]
    /// Whether later jobs of the games are ready now. The script wakes nobody, so the caller claims next.
    package var hasMadeReady: Bool

    package init(answers: [FinishAnswer], hasMadeReady: Bool) {
        self.answers = answers
        self.hasMadeReady = hasMadeReady
    }
}

/// The result of a sweep.
package struct TickOutcome: Sendable, Equatable {
    package var retriesDue: Int
    package var leasesReclaimed: Int
    package var poisoned: Int
    /// The time until the next retry or the next end of a lease; nil if there is neither.
    package var nextDue: Duration?
    /// Whether this worker may find jobs to take in or to claim.
    package var mayHaveWork: Bool
    /// Whether Redis has lost the node's games, so that the worker must announce them again.
    package var mustTell = false
}

extension JobQueue {
    /// Leases ready jobs, up to the capacity. A worker with capacity left joins the idle workers that scripts wake.
    package func claim(_ capacity: Capacity) async throws(QueueError) -> ClaimedJobs {
        let arguments = [.string(worker.id), .string(worker.node)] + claimArguments(capacity)
        let answer = try await call(Scripts.claim, arguments + options.queues.map { .string($0) })
        guard let parts = answer.array, parts.count == 2, let waiting = parts[0].integer else {
            throw unexpected(Scripts.claim, answer)
        }
        var none = Set<Int>()
        return try claimed(parts[1], waiting: waiting, placed: [], &none, Scripts.claim)
    }

    /// Returns the arguments of claim.lua, from the nonce on.
    func claimArguments(_ capacity: Capacity) -> [RedisArgument] {
        [
            .string(worker.nonce), .integer(options.lease.milliseconds), .integer(Int64(capacity.starts)),
            .integer(Int64(capacity.stops)), .integer(Int64(capacity.slots)),
        ]
    }

    /// Returns the jobs claimed by a script.
    ///
    /// - Parameters:
    ///   - placed: The messages taken in by the same call.
    ///   - begun: Receives the indices of the claimed messages among `placed`.
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
                id: JobID(id),
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

    /// Reports the worker as living and extends its leases.
    ///
    /// - Parameter engineAnswers: Whether the Docker Engine answers. If so, Redis also counts the node as living.
    package func beat(
        _ jobs: [(id: JobID, token: String)],
        engineAnswers: Bool
    ) async throws(QueueError) -> HeartbeatResult {
        var arguments: [RedisArgument] = [
            .string(worker.id), .string(worker.node), engineAnswers ? "1" : "0",
            .integer(options.lease.milliseconds), .integer(options.aliveTime.milliseconds),
        ]
        for job in jobs { arguments += [.string(job.id.text), .string(job.token)] }
        let answer = try await call(Scripts.beat, arguments)
        guard let words = answer.array?.compactMap(\.string), words.count == jobs.count + 1 else {
            throw unexpected(Scripts.beat, answer)
        }
        let answers = words.dropFirst().compactMap(BeatAnswer.init(rawValue:))
        guard answers.count == jobs.count else { throw unexpected(Scripts.beat, answer) }
        return HeartbeatResult(mustTell: words[0] == "tell", answers: answers)
    }

    /// Ends jobs. A single step publishes each result, keeps the job's record, updates the owner and readies the next
    /// job.
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

    /// Publishes the progress of a leased job. The call changes nothing if the worker has lost the lease.
    package func show(_ progress: JobProgress, of id: JobID, token: String) async throws(QueueError) {
        _ = try await call(Scripts.progress, [.string(id.text), .string(token), .string(progress.encoded)])
    }

    /// Delays a job after a failed attempt, and with the job the lane of its game.
    ///
    /// - Returns: Whether the worker still held the lease.
    package func retry(
        id: JobID,
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
                .string(worker.id), .string(worker.node), .string(id.text), .string(token),
                .integer(pause.milliseconds), .string(code.rawValue), .string(error), freesPlace ? "free" : "keep",
                isClean ? "clean" : "dirty",
            ]
        )
        return answer.string != "stale"
    }

    /// Gives jobs back without using up an attempt.
    ///
    /// - Parameter isClean: false if the jobs may have left something behind, for the next attempt to inspect.
    package func release(_ jobs: [(id: JobID, token: String)], isClean: Bool = true) async throws(QueueError) {
        guard !jobs.isEmpty else { return }
        var arguments: [RedisArgument] = [.string(worker.id), .string(worker.node)]
        for job in jobs { arguments += [.string(job.id.text), .string(job.token), isClean ? "clean" : "dirty"] }
        _ = try await call(Scripts.release, arguments)
    }

    /// Reports the worker as living, makes due retries ready and takes back expired leases. Any worker sweeps for all
    /// workers.
    ///
    /// - Parameters:
    ///   - engineAnswers: Whether the Docker Engine answers. If so, Redis also counts the node as living.
    ///   - afterSilence: Whether ``keepAwake()`` has found an outage.
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

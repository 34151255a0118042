import JobContract
import Primitives
import Redis

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
        let arguments = [.string(worker.id), .string(worker.node.text)] + claimArguments(capacity)
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
                token: LeaseToken(token),
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
        _ jobs: [(id: JobID, token: LeaseToken)],
        engineAnswers: Bool
    ) async throws(QueueError) -> HeartbeatResult {
        var arguments: [RedisArgument] = [
            .string(worker.id), .string(worker.node.text), engineAnswers ? "1" : "0",
            .integer(options.lease.milliseconds), .integer(options.aliveTime.milliseconds),
        ]
        for job in jobs { arguments += [.string(job.id.text), .string(job.token.text)] }
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
        var arguments: [RedisArgument] = [.string(worker.id), .string(worker.node.text)]
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
    package func show(_ progress: JobProgress, of id: JobID, token: LeaseToken) async throws(QueueError) {
        _ = try await call(Scripts.progress, [.string(id.text), .string(token.text), .string(progress.encoded)])
    }

    /// Delays a job after a failed attempt, and with the job the lane of its game.
    ///
    /// - Returns: Whether the worker still held the lease.
    package func retry(
        id: JobID,
        token: LeaseToken,
        after pause: Duration,
        code: ErrorCode,
        error: String,
        freesPlace: Bool = true,
        isClean: Bool = true
    ) async throws(QueueError) -> Bool {
        let answer = try await call(
            Scripts.retry,
            [
                .string(worker.id), .string(worker.node.text), .string(id.text), .string(token.text),
                .integer(pause.milliseconds), .string(code.rawValue), .string(error), freesPlace ? "free" : "keep",
                isClean ? "clean" : "dirty",
            ]
        )
        return answer.string != "stale"
    }

    /// Gives jobs back without using up an attempt.
    ///
    /// - Parameter isClean: false if the jobs may have left something behind, for the next attempt to inspect.
    package func release(_ jobs: [(id: JobID, token: LeaseToken)], isClean: Bool = true) async throws(QueueError) {
        guard !jobs.isEmpty else { return }
        var arguments: [RedisArgument] = [.string(worker.id), .string(worker.node.text)]
        for job in jobs { arguments += [.string(job.id.text), .string(job.token.text), isClean ? "clean" : "dirty"] }
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
                .string(worker.id), .string(worker.node.text), engineAnswers ? 1 : 0,
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

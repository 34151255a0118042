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
    /// Reports the worker as living and extends its leases.
    ///
    /// - Parameter engineAnswers: Whether the Docker Engine answers. If so, Redis also counts the node as living.
    package func beat(
        _ jobs: [(id: JobID, token: LeaseToken)],
        engineAnswers: Bool
    ) async throws(QueueError) -> HeartbeatResult {
        let reply = try await call(
            .extend,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "engine_answers": .bool(engineAnswers),
                "alive_ms": .integer(options.aliveTime.milliseconds), "lease_ms": .integer(options.lease.milliseconds),
                "jobs": Self.held(jobs),
            ]
        )
        guard let parts = reply.array, parts.count == jobs.count + 1, let mustTell = parts[0].integer else {
            throw unexpected(.extend, reply)
        }
        let answers = parts.dropFirst().compactMap { $0.string.flatMap(BeatAnswer.init(rawValue:)) }
        guard answers.count == jobs.count else { throw unexpected(.extend, reply) }
        return HeartbeatResult(mustTell: mustTell == 1, answers: answers)
    }

    /// Returns the argument that names leased jobs.
    private static func held(_ jobs: [(id: JobID, token: LeaseToken)]) -> JSONValue {
        .array(jobs.map { JSONValue(members: ["id": .string($0.id.text), "token": .string($0.token.text)]) })
    }

    /// Ends jobs. A single step publishes each result, keeps the job's record, updates the owner and readies the next
    /// job.
    ///
    /// - Parameter claimsNext: Whether the worker claims jobs after this call. If not, Redis wakes other workers for the
    ///   next jobs of the lanes.
    package func finish(_ jobs: [FinishedJob], claimsNext: Bool = true) async throws(QueueError) -> FinishOutcome {
        var outcome = FinishOutcome(answers: [], hasMadeReady: false)
        for batch in ArgumentBatches(jobs.map(\.argument)) {
            let reply = try await call(
                .finish,
                [
                    "worker": .string(worker.id), "node": .string(worker.node.text), "jobs": .array(batch),
                    "claims": claimsNext ? servedQueues : nil,
                ]
            )
            guard let parts = reply.array, parts.count == batch.count + 1, let next = parts[0].integer else {
                throw unexpected(.finish, reply)
            }
            let answers = parts.dropFirst().compactMap { $0.string.flatMap(FinishAnswer.init(rawValue:)) }
            guard answers.count == batch.count else { throw unexpected(.finish, reply) }
            outcome.answers += answers
            outcome.hasMadeReady = outcome.hasMadeReady || next == 1
        }
        return outcome
    }

    /// Publishes the progress of a leased job. The call changes nothing if the worker has lost the lease.
    package func show(_ progress: JobProgress, of id: JobID, token: LeaseToken) async throws(QueueError) {
        _ = try await call(
            .progress,
            ["id": .string(id.text), "token": .string(token.text), "progress": .string(progress.encoded)]
        )
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
            .retry,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "id": .string(id.text),
                "token": .string(token.text), "pause_ms": .integer(pause.milliseconds), "code": .string(code.rawValue),
                "error": .string(error), "frees": .bool(freesPlace), "is_clean": .bool(isClean), "claims": servedQueues,
            ]
        )
        return answer.string != "stale"
    }

    /// Gives jobs back without using up an attempt.
    ///
    /// - Parameter isClean: false if the jobs may have left something behind, for the next attempt to inspect.
    package func release(_ jobs: [(id: JobID, token: LeaseToken)], isClean: Bool = true) async throws(QueueError) {
        guard !jobs.isEmpty else { return }
        _ = try await call(
            .release,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "is_clean": .bool(isClean),
                "jobs": Self.held(jobs),
            ]
        )
    }

    /// Reports the worker as living, makes due retries ready and takes back expired leases. Any worker sweeps for all
    /// workers.
    ///
    /// - Parameters:
    ///   - engineAnswers: Whether the Docker Engine answers. If so, Redis also counts the node as living.
    ///   - afterSilence: Whether ``keepAwake()`` has found an outage.
    package func tick(engineAnswers: Bool, afterSilence: Bool) async throws(QueueError) -> TickOutcome {
        let answer = try await call(
            .sweep,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "engine_answers": .bool(engineAnswers),
                "alive_ms": .integer(options.aliveTime.milliseconds), "lease_ms": .integer(options.lease.milliseconds),
                "after_outage": .bool(afterSilence), "crash_limit": JSONValue(options.crashLimit), "most": 64,
                "queues": servedQueues, "claims": servedQueues,
            ]
        )
        guard let counts = answer.array?.compactMap(\.integer), counts.count == 6 else {
            throw unexpected(.sweep, answer)
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

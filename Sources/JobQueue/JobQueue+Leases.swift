import JobContract
import Primitives
import Redis

/// Redis' reply about a leased job.
package enum LeaseReply: String, Sendable {
    case ok
    /// A stop of the game waits, so the worker must undo the job.
    case cancel
    /// The job has ended, or another worker has leased it. This worker must not touch the job any more.
    case lost
}

/// The result of extending leases.
package struct HeartbeatResult: Sendable, Equatable {
    /// Whether Redis has lost the node's games, so that the worker must announce them again.
    package var mustAnnounce: Bool
    /// The replies, one for each job, in the order of the jobs.
    package var answers: [LeaseReply]
}

/// The result of a change of a game's port.
package enum PortAnswer: Sendable, Equatable {
    case port(Int)
    /// All ports of the node's range are reserved.
    case none
    /// Another token has replaced this token.
    case stale
}

/// The result of a reservation for the limits of an image.
package enum ReserveAnswer: String, Sendable {
    case ok
    /// The node has no capacity. The job has been given back, and the attempt does not count.
    case full
    /// Another token has replaced this token.
    case stale
}

/// The result of a sweep.
package struct SweepOutcome: Sendable, Equatable {
    package var retriesDue: Int
    package var leasesReclaimed: Int
    package var poisoned: Int
    /// The time until the next retry or the next end of a lease; nil if there is neither.
    package var nextDue: Duration?
    /// Whether this worker may find jobs to take in or to claim.
    package var mayHaveWork: Bool
    /// Whether Redis has lost the node's games, so that the worker must announce them again.
    package var mustAnnounce = false
    /// Whether the workers of the node have different capacities. Then the smallest values hold.
    package var capacityDiffers = false
}

extension JobQueue {
    /// Reports the worker as living and extends its leases.
    package func extend(_ jobs: [HeldJob], docker: DockerState) async throws(QueueError) -> HeartbeatResult {
        let reply = try await call(
            .extend,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text),
                "engine_answers": .bool(docker == .answers),
                "alive_ms": .integer(options.aliveTime.milliseconds), "lease_ms": .integer(options.lease.milliseconds),
                "jobs": Self.held(jobs),
            ]
        )
        guard let parts = reply.array, parts.count == jobs.count + 1, let mustAnnounce = parts[0].integer else {
            throw unexpected(.extend, reply)
        }
        let answers = parts.dropFirst().compactMap { $0.string.flatMap(LeaseReply.init(rawValue:)) }
        guard answers.count == jobs.count else { throw unexpected(.extend, reply) }
        return HeartbeatResult(mustAnnounce: mustAnnounce & 1 == 1, answers: answers)
    }

    /// Returns the argument that names leased jobs.
    private static func held(_ jobs: [HeldJob]) -> JSONValue {
        .array(jobs.map { JSONValue(members: ["id": .string($0.id.text), "token": .string($0.token.text)]) })
    }

    /// Ends jobs. A single step publishes each result, keeps the job's record, updates the owner and readies the next
    /// job.
    package func finish(_ jobs: [FinishedJob], next: NextClaim = .byCaller) async throws(QueueError) -> FinishOutcome {
        var outcome = FinishOutcome(answers: [], hasMadeReady: false)
        for batch in ArgumentBatches(jobs.map(\.argument)) {
            let reply = try await call(
                .finish,
                [
                    "worker": .string(worker.id), "node": .string(worker.node.text), "jobs": .array(batch),
                    "claims": next == .byCaller ? servedQueues : nil,
                ]
            )
            guard let parts = reply.array, parts.count == batch.count + 1, let ready = parts[0].integer else {
                throw unexpected(.finish, reply)
            }
            let answers = parts.dropFirst().compactMap { $0.string.flatMap(FinishAnswer.init(rawValue:)) }
            guard answers.count == batch.count else { throw unexpected(.finish, reply) }
            outcome.answers += answers
            outcome.hasMadeReady = outcome.hasMadeReady || ready == 1
        }
        return outcome
    }

    /// Publishes the progress of a leased job. The call changes nothing if the worker has lost the lease.
    package func show(_ progress: JobProgress, of job: HeldJob) async throws(QueueError) {
        _ = try await call(
            .progress,
            ["id": .string(job.id.text), "token": .string(job.token.text), "progress": .string(progress.encoded)]
        )
    }

    /// Reserves what a start needs according to its image. The reservation does not shrink.
    package func reserve(_ demand: Demand, for job: HeldJob) async throws(QueueError) -> ReserveAnswer {
        let reply = try await call(
            .reserve,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "id": .string(job.id.text),
                "token": .string(job.token.text), "cpu": .integer(demand.cpu), "memory": .integer(demand.memory),
            ]
        )
        guard let answer = reply.string.flatMap(ReserveAnswer.init(rawValue:)) else {
            throw unexpected(.reserve, reply)
        }
        return answer
    }

    /// Gives the game of a start another port of the node's range, because somebody else holds its port.
    ///
    package func changePort(for job: HeldJob) async throws(QueueError) -> PortAnswer {
        let reply = try await call(
            .changePort,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "id": .string(job.id.text),
                "token": .string(job.token.text),
            ]
        )
        guard let port = reply.integer else { throw unexpected(.changePort, reply) }
        return port < 0 ? .stale : port == 0 ? .none : .port(Int(port))
    }

    /// Delays a job after a failed attempt, and with the job the lane of its game.
    ///
    /// - Returns: Whether the worker still held the lease.
    package func retry(_ job: HeldJob, after failure: FailedAttempt) async throws(QueueError) -> Bool {
        let answer = try await call(
            .retry,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "id": .string(job.id.text),
                "token": .string(job.token.text), "pause_ms": .integer(failure.pause.milliseconds),
                "code": .string(failure.code.rawValue), "error": .string(failure.error),
                "frees": .bool(failure.reservation == .free), "is_clean": .bool(failure.remains == .nothing),
            ]
        )
        return answer.string != "stale"
    }

    /// Gives jobs back without using up an attempt.
    package func release(_ jobs: [HeldJob], remains: Remains = .nothing) async throws(QueueError) {
        guard !jobs.isEmpty else { return }
        _ = try await call(
            .release,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text), "is_clean": .bool(remains == .nothing),
                "jobs": Self.held(jobs),
            ]
        )
    }

    /// Reports the worker as living, makes due retries ready and takes back expired leases. Any worker sweeps for all
    /// workers.
    package func sweep(docker: DockerState, after outage: OutageNotice) async throws(QueueError) -> SweepOutcome {
        let answer = try await call(
            .sweep,
            [
                "worker": .string(worker.id), "node": .string(worker.node.text),
                "engine_answers": .bool(docker == .answers),
                "alive_ms": .integer(options.aliveTime.milliseconds), "lease_ms": .integer(options.lease.milliseconds),
                "after_outage": .bool(outage == .outage), "crash_limit": JSONValue(options.crashLimit), "most": 64,
                "queues": servedQueues,
            ]
        )
        guard let counts = answer.array?.compactMap(\.integer), counts.count == 6 else {
            throw unexpected(.sweep, answer)
        }
        return SweepOutcome(
            retriesDue: Int(counts[0]),
            leasesReclaimed: Int(counts[1]),
            poisoned: Int(counts[2]),
            nextDue: counts[3] < 0 ? nil : .milliseconds(counts[3]),
            mayHaveWork: counts[4] == 1,
            mustAnnounce: counts[5] & 1 == 1,
            capacityDiffers: counts[5] & 2 == 2
        )
    }
}

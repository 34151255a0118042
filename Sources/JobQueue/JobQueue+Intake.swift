import JobContract
import Primitives
import Redis

extension JobQueue {
    /// The greatest number of messages that one intake moves.
    package static let intakeBatch = 64
    private static let largestBatchBytes = 1 << 20

    /// Moves the oldest messages of `queue` into the lanes of their games. Claims ready jobs in the same call, if the
    /// worker has capacity.
    ///
    /// - Parameters:
    ///   - seen: The message that has woken the worker, which lies in the inbox; nil: read the oldest messages first.
    ///   - most: The greatest number of messages to move.
    ///   - capacity: The jobs to claim; nil: none.
    ///   - decode: The one decoder, followed by the operator's policy.
    package func take(
        queue: String,
        seen: [UInt8]? = nil,
        most: Int = intakeBatch,
        claiming capacity: Capacity? = nil,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> Taken {
        var rows = seen.map { [RedisValue.bulk($0)] } ?? []
        if rows.isEmpty {
            let peeked = try await peek(queue, most: most)
            if peeked.string == "paused" { return Taken(intake: .success(.paused)) }
            guard let oldest = peeked.array else { throw unexpected(.peek, peeked) }
            rows = oldest
        }
        guard !rows.isEmpty else { return Taken(intake: .success(.nothing)) }
        var batch = IntakeBatch(mostAge: options.mostAge)
        for row in rows { batch.add(try ReadMessage(row, decode)) }
        return try await admit(batch, from: queue, claiming: capacity)
    }

    private func peek(_ queue: String, most: Int) async throws(QueueError) -> RedisValue {
        try await call(
            .peek,
            keys: keys.messageLists(queue),
            [
                "queue": .string(queue), "most": JSONValue(most),
                "one_bytes": JSONValue(JobDecoder.maximumMessageBytes),
                "all_bytes": JSONValue(Self.largestBatchBytes),
            ]
        )
    }

    private func admit(
        _ batch: IntakeBatch,
        from queue: String,
        claiming capacity: Capacity?
    ) async throws(QueueError) -> Taken {
        let arguments = JSONValue.members([
            "queue": .string(queue), "most_starts": JSONValue(options.mostLiveForStarts),
            "most_jobs": JSONValue(options.mostLive), "signed_ms": .integer(options.mostAge?.milliseconds ?? 0),
            "messages": .array(batch.arguments),
        ])
        let caller = JSONValue.members(capacity.map(claimArguments) ?? callerArguments)
        let reply = try await reply(of: .admit, keys: keys.messageLists(queue), .object(arguments + caller))
        guard case .array(let parts) = reply, let intake = parts.first else {
            return try await claimAlone(capacity, after: outcome(of: batch, reply))
        }
        var taken = Taken(intake: outcome(of: batch, intake))
        guard capacity != nil, parts.count > 1 else { return taken }
        // After a failed intake the claim counts all the same: its jobs are leased.
        if case .error(let error) = parts[1] {
            taken.claimFailure = QueueError(.claim, .server(error))
        } else {
            taken.claimed = try claimed(parts[1])
        }
        return taken
    }

    /// Claims after Redis has refused an intake as a whole, for example because its memory is full. Redis accepts a claim
    /// with a full memory.
    private func claimAlone(
        _ capacity: Capacity?,
        after intake: Result<IntakeOutcome, QueueError>
    ) async throws(QueueError) -> Taken {
        var taken = Taken(intake: intake)
        guard let capacity else { return taken }
        do throws(QueueError) {
            taken.claimed = try await claim(capacity)
        } catch {
            taken.claimFailure = error
        }
        return taken
    }

    private func outcome(of batch: IntakeBatch, _ reply: RedisValue) -> Result<IntakeOutcome, QueueError> {
        if case .error(let error) = reply { return .failure(QueueError(.admit, .server(error))) }
        if let outcome = batch.outcome(reply) { return .success(outcome) }
        return .failure(unexpected(.admit, reply))
    }

    /// Leases ready jobs, up to the capacity. A worker with capacity left joins the idle workers that functions wake.
    package func claim(_ capacity: Capacity) async throws(QueueError) -> ClaimedJobs {
        try claimed(try await call(.claim, claimArguments(capacity)))
    }

    private var callerArguments: KeyValuePairs<String, JSONValue?> {
        ["worker": .string(worker.id), "node": .string(worker.node.text)]
    }

    private func claimArguments(_ capacity: Capacity) -> KeyValuePairs<String, JSONValue?> {
        [
            "worker": .string(worker.id), "node": .string(worker.node.text), "nonce": .string(worker.nonce),
            "lease_ms": .integer(options.lease.milliseconds), "starts": JSONValue(capacity.starts),
            "stops": JSONValue(capacity.stops), "claims": servedQueues,
        ]
    }

    /// The argument that names the queues of this worker.
    var servedQueues: JSONValue { .array(options.queues.map { .string($0) }) }

    private func claimed(_ reply: RedisValue) throws(QueueError) -> ClaimedJobs {
        guard let parts = reply.array, parts.count == 3, let waiting = parts[0].integer, let takenAt = parts[1].string,
            let rows = parts[2].array
        else { throw unexpected(.claim, reply) }
        var jobs: [ClaimedJob] = []
        jobs.reserveCapacity(rows.count)
        for row in rows {
            guard let job = ClaimedJob(row, takenAt: takenAt) else { throw unexpected(.claim, reply) }
            jobs.append(job)
        }
        return ClaimedJobs(jobs, waiting: JobClasses(rawValue: Int(waiting)))
    }
}

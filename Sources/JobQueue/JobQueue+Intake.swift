import JobContract
import Primitives
import Redis

extension JobQueue {
    /// The greatest number of messages that one intake moves. Larger batches drain no faster: while Redis takes a batch in,
    /// the worker runs another.
    package static let intakeBatch = 32
    private static let largestBatchBytes = 1 << 20

    /// Moves the oldest messages of `queue` into the lanes of their games. Claims ready jobs in the same call, if the
    /// worker has capacity.
    ///
    /// - Parameters:
    ///   - known: The oldest messages, as far as the worker knows: the message that has woken the worker, which lies in
    ///     the inbox, or messages read ahead. None: read them first.
    ///   - most: The greatest number of messages to move.
    ///   - readsAhead: Whether to read the messages behind them in the same round trip, if there may be any.
    ///   - capacity: The jobs to claim; nil: none.
    ///   - decode: The one decoder, followed by the operator's policy.
    package func take(
        queue: String,
        known: [WaitingMessage] = [],
        most: Int = intakeBatch,
        readsAhead: Bool = false,
        claiming capacity: Capacity? = nil,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> Taken {
        var oldest = known
        if oldest.isEmpty {
            let reply = try await call(.peek, keys: keys.messageLists(queue), peekArguments(queue, most))
            guard let messages = try messages(reply) else { return Taken(intake: .success(.paused)) }
            oldest = messages
        }
        guard !oldest.isEmpty else { return Taken(intake: .success(.nothing)) }
        var batch = IntakeBatch(mostAge: options.mostAge)
        for message in oldest.prefix(most) { batch.add(ReadMessage(message, decode)) }
        return try await admit(
            batch,
            from: queue,
            claiming: capacity,
            ahead: readsAhead && oldest.count >= most ? most : 0
        )
    }

    private func peekArguments(_ queue: String, _ most: Int) -> KeyValuePairs<String, JSONValue?> {
        [
            "queue": .string(queue), "most": JSONValue(most), "one_bytes": JSONValue(JobDecoder.maximumMessageBytes),
            "all_bytes": JSONValue(Self.largestBatchBytes),
        ]
    }

    /// Returns the messages in a reply of `peek`; nil if the queue is paused.
    private func messages(_ reply: RedisValue) throws(QueueError) -> [WaitingMessage]? {
        if reply.string == "paused" { return nil }
        guard let rows = reply.array else { throw unexpected(.peek, reply) }
        var messages: [WaitingMessage] = []
        for row in rows { messages.append(try WaitingMessage(row)) }
        return messages
    }

    private func admit(
        _ batch: IntakeBatch,
        from queue: String,
        claiming capacity: Capacity?,
        ahead: Int
    ) async throws(QueueError) -> Taken {
        let arguments = JSONValue.members([
            "queue": .string(queue), "most_starts": JSONValue(options.mostLiveForStarts),
            "most_jobs": JSONValue(options.mostLive), "signed_ms": .integer(options.mostAge?.milliseconds ?? 0),
            "messages": .array(batch.arguments),
        ])
        let caller = JSONValue.members(capacity.map(claimArguments) ?? callerArguments)
        let lists = keys.messageLists(queue)
        var calls = [command(.admit, keys: lists, .object(arguments + caller))]
        if ahead > 0 { calls.append(command(.peek, keys: lists, JSONValue(members: peekArguments(queue, ahead)))) }
        let replies = try await self.replies(of: .admit, calls)
        guard case .array(let parts) = replies[0], let intake = parts.first else {
            return try await claimAlone(capacity, after: outcome(of: batch, replies[0]))
        }
        var taken = Taken(intake: outcome(of: batch, intake))
        // A failure shows itself again when these messages are read for their own intake.
        if ahead > 0 { taken.next = (try? messages(replies[1])) ?? [] }
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
            "permits": options.description.concurrency.map { JSONValue($0) },
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

import JobContract
import Primitives
import Redis

extension JobQueue {
    /// Most messages that one intake moves.
    package static let intakeBatch = 64
    private static let largestBatchBytes = 1 << 20

    /// Moves the oldest messages of `queue` into the lanes of their games.
    ///
    /// - Parameter decode: the one decoder, with the operator's policy behind it.
    package func intake(
        queue: String,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> IntakeOutcome {
        try await take(queue: queue, seen: SeenMessages(), claiming: nil, decode: decode).intake.get()
    }

    /// Moves the oldest messages of `queue` into the lanes of their games, claims what is ready then, in one step, and
    /// looks at what comes behind them.
    ///
    /// - Parameters:
    ///   - seen: the oldest messages, where they are known already: then no others are moved.
    ///   - most: messages that are moved at most.
    ///   - capacity: nil: nothing is to be claimed.
    ///   - ahead: how many messages that come behind are to be looked at.
    ///   - decode: the one decoder, with the operator's policy behind it.
    package func take(
        queue: String,
        seen: SeenMessages,
        most: Int = intakeBatch,
        claiming capacity: Capacity?,
        ahead: Int = 0,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> Taken {
        var seen = seen
        if seen.isEmpty {
            let peeked = try await peek(queue, most: most)
            if peeked.string == "paused" { return Taken(intake: .success(.paused)) }
            guard let rows = peeked.array else { throw unexpected(Scripts.peek, peeked) }
            seen.rows = rows
        }
        guard !seen.isEmpty else { return Taken(intake: .success(.nothing)) }
        var batch = IntakeBatch(queue: queue, mostAge: options.mostAge)
        let count = Self.batchCount(seen.rows, most)
        for row in seen.rows.prefix(count) {
            let (proof, message, decoded) = try read(row, decode)
            batch.add(proof, message, decoded)
        }
        // A call touches one very large message at most: behind it the script reads nothing.
        let isVeryLarge = Self.size(of: seen.rows[0]) > Self.largestBatchBytes
        let behind = seen.rows.dropFirst(count)
        return try await admit(batch, behind: behind, claiming: capacity, ahead: isVeryLarge ? 0 : ahead)
    }

    /// Returns how many of the messages go into one batch: one that is larger than a batch goes alone.
    private static func batchCount(_ rows: [RedisValue], _ most: Int) -> Int {
        let large = rows.prefix(most).firstIndex { size(of: $0) > largestBatchBytes }
        return large.map { max(1, $0) } ?? min(most, rows.count)
    }

    /// Bytes of a message, of which Redis has answered these or their number.
    private static func size(of row: RedisValue) -> Int {
        row.bytes?.count ?? Int(row.array?.first?.integer ?? 0)
    }

    private func peek(_ queue: String, most: Int) async throws(QueueError) -> RedisValue {
        try await call(
            Scripts.peek,
            keys: keys.messageLists(queue),
            [
                .string(queue), .integer(Int64(most)), .integer(Int64(JobDecoder.maximumMessageBytes)),
                .integer(Int64(Self.largestBatchBytes)),
            ]
        )
    }

    /// - Parameter behind: what was seen behind the messages of the batch.
    private func admit(
        _ batch: IntakeBatch,
        behind: ArraySlice<RedisValue>,
        claiming capacity: Capacity?,
        ahead: Int
    ) async throws(QueueError) -> Taken {
        let queue = batch.queue
        var arguments: [RedisArgument] = [
            .string(queue), .string(worker.id), .string(worker.node.text), .integer(Int64(options.mostLiveForStarts)),
            .integer(Int64(options.mostLive)),
        ]
        arguments += capacity.map(claimArguments) ?? ["", 0, 0, 0, 0]
        arguments += [
            .integer(Int64(ahead == 0 ? 0 : max(ahead, behind.count))), .integer(Int64(behind.count)),
            .integer(Int64(JobDecoder.maximumMessageBytes)), .integer(Int64(Self.largestBatchBytes)),
            .integer(Int64(options.queues.count)),
        ]
        arguments += options.queues.map { .string($0) }
        arguments += batch.arguments
        let answer: RedisValue
        do throws(QueueError) {
            answer = try await call(Scripts.admit, keys: keys.messageLists(queue), arguments)
        } catch {
            // Redis has no memory for more: then it has done nothing of it.
            guard error.isOutOfMemory else { throw error }
            return Taken(intake: .failure(error))
        }
        var taken = try taken(batch, answer, isClaimed: capacity != nil, ahead: ahead)
        // Behind what was taken whole there is what was seen there.
        if case .success(let outcome) = taken.intake, outcome.taken == batch.count, !behind.isEmpty {
            taken.ahead.rows = behind + taken.ahead.rows
            taken.intake = .success(outcome.leaving())
        }
        return taken
    }

    private func taken(
        _ batch: IntakeBatch,
        _ answer: RedisValue,
        isClaimed: Bool,
        ahead: Int
    ) throws(QueueError) -> Taken {
        guard let parts = answer.array, parts.count == 8, let count = parts[0].integer.map({ Int($0) }),
            count <= batch.count, let waiting = parts[4].integer
        else { throw unexpected(Scripts.admit, answer) }
        let rows = parts[3].array
        var outcome = IntakeOutcome.paused
        if parts[2].integer == 0 {
            outcome = IntakeOutcome(
                taken: count,
                seen: batch.count,
                isFull: parts[1].integer == 1,
                isEmptied: ahead > 0 && rows?.isEmpty == true,
                rejections: batch.messages.prefix(count).compactMap {
                    if case .rejected(let rejection) = $0.decoded { rejection } else { nil }
                }
            )
        }
        let reused = (parts[6].array ?? []).compactMap { $0.integer.map { Int($0) - 1 } }
        outcome.reused = reused.filter(batch.messages.indices.contains).map { batch.messages[$0].decoded.id }
        outcome.rejections += batch.rejections(ofMistimed: parts[7])
        var taken = Taken(intake: .success(outcome))
        taken.ahead.rows = rows ?? []
        var begun = Set<Int>()
        if isClaimed {
            taken.claimed = try claimed(parts[5], waiting: waiting, placed: batch.messages, &begun, Scripts.admit)
        }
        taken.waiting = batch.messages.prefix(count).enumerated().filter { !begun.contains($0.offset) }.map(\.element)
        return taken
    }

    /// Above this size a message is named to `admit` by its SHA-1, else by its bytes, which are cheaper to compare.
    private static let longestProof = 512

    private func read(
        _ value: RedisValue,
        _ decode: (_ message: [UInt8]) -> DecodedMessage
    ) throws(QueueError) -> (proof: RedisArgument, message: [UInt8], DecodedMessage) {
        if let message = value.bytes {
            let proof: RedisArgument =
                message.count > Self.longestProof ? .string(JobDecoder.sha1(of: message)) : .bytes(message)
            return (proof, message, decode(message))
        }
        guard let parts = value.array, parts.count == 2, let size = parts[0].integer, let sha1 = parts[1].string else {
            throw unexpected(Scripts.peek, value)
        }
        let sentence = "the message has \(size) bytes; at most \(JobDecoder.maximumMessageBytes) are taken"
        // Its bytes are not here, and nobody needs them: the script keeps what is kept of it.
        return (
            .string(sha1), [],
            .rejected(Rejection(id: JobID(Syntax.invalidIDPrefix + sha1), code: .messageTooLarge, error: sentence))
        )
    }

    /// What a job does to earlier starts of its game, as placing.lua reads it.
    package static func marks(of job: Job) -> String {
        (job.supersedesStarts ? "s" : "") + (job.cancelsStarts ? "c" : "")
    }
}

import JobContract
import Primitives
import Redis

/// How an intake went.
package struct IntakeOutcome: Sendable, Equatable {
    /// Messages taken off the queue.
    package var taken: Int
    /// How many messages were seen.
    package var seen: Int
    /// Whether the window of admitted jobs is full.
    package var isFull: Bool
    /// Whether an operator has paused the queue: nothing was looked at.
    package var isPaused = false
    /// Whether nothing is left in the queue.
    package var isEmptied = false
    /// The messages that ended `rejected`, for the log.
    package var rejections: [Rejection]
    /// Ids of messages that ask for something else than the job whose id they have.
    package var reused: [JobID] = []

    /// The same with something left in the queue.
    fileprivate func leaving() -> IntakeOutcome {
        var outcome = self
        outcome.isEmptied = false
        return outcome
    }

    static let nothing = IntakeOutcome(taken: 0, seen: 0, isFull: false, isEmptied: true, rejections: [])
    static let paused = IntakeOutcome(taken: 0, seen: 0, isFull: false, isPaused: true, rejections: [])
}

/// What was taken in and claimed in one turn.
package struct Taken: Sendable {
    /// How the intake went; where it failed, nothing was claimed.
    package var intake: Result<IntakeOutcome, QueueError>
    /// The jobs that were claimed; nil where nothing was to be claimed, or could not be.
    package var claimed: ClaimedJobs?
    /// Jobs that were taken in and wait now, with the producer's bytes.
    package var waiting: [(message: [UInt8], decoded: DecodedMessage)] = []
    /// The oldest messages of the queue, where they are known.
    package var ahead = SeenMessages()

    package init(intake: Result<IntakeOutcome, QueueError>, claimed: ClaimedJobs? = nil) {
        self.intake = intake
        self.claimed = claimed
    }
}

/// Messages at the end of a queue as they were last seen there, the oldest first. Others may have taken them since.
package struct SeenMessages: Sendable, Equatable {
    /// As peek.lua answers them.
    var rows: [RedisValue] = []

    package init(_ messages: [[UInt8]] = []) { rows = messages.map { .bulk($0) } }

    package var isEmpty: Bool { rows.isEmpty }
}

/// Messages on their way into lanes, as admit.lua takes them.
private struct Batch {
    let queue: String
    var messages: [(message: [UInt8], decoded: DecodedMessage)] = []
    var arguments: [RedisArgument] = []
    var count: Int { messages.count }

    /// How old a job may be, in ms; nil: as old as it likes.
    let mostAge: Int64?

    init(queue: String, mostAge: Duration?) {
        self.queue = queue
        self.mostAge = mostAge?.milliseconds
    }

    /// When the job was pushed and how old it may be, as admit.lua reads it; empty where nobody asks.
    private func times(of job: Job) -> String {
        guard let mostAge else { return "" }
        // What gives no time was pushed in 1970.
        let pushedAt = job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }?.millisecondsSinceEpoch ?? 0
        return "\(pushedAt) \(mostAge)"
    }

    /// Adds the eleven arguments of one message, in the order that admit.lua names.
    mutating func add(_ proof: RedisArgument, _ message: [UInt8], _ decoded: DecodedMessage) {
        messages.append((message, decoded))
        switch decoded {
        case .rejected(let rejection):
            // What is no job is compared by its bytes.
            let digest = rejection.digest ?? "-" + Self.sha1(proof, message).prefix(23)
            arguments += [
                proof, rejection.digest == nil ? "rejected" : "refused", .string(rejection.id.text),
                .string(rejection.kind?.rawValue ?? ""),
                .string(rejection.gameID ?? ""), "", "", "", "",
                .string("\(rejection.code.rawValue) \(rejection.error)"), .string(String(digest)),
            ]
        case .job(let job):
            arguments += [
                proof, "job", .string(job.id.text), .string(job.kind.rawValue), .string(job.gameID),
                .string(job.deadline.map { String($0.millisecondsSinceEpoch) } ?? ""),
                .string(JobQueue.marks(of: job)), .string(job.enqueuedAt ?? ""), .string(job.traceparent ?? ""),
                .string(times(of: job)),
                .string(job.digest),
            ]
        }
    }

    /// The signed jobs that admit.lua has found to come at a wrong time.
    func rejections(ofMistimed answer: RedisValue) -> [Rejection] {
        let numbers = (answer.array ?? []).compactMap { $0.integer.map { Int($0) - 1 } }
        return numbers.filter(messages.indices.contains).map { number in
            Rejection(
                id: JobDecoder.invalidID(of: messages[number].message),
                code: .badSignature,
                error: "the signed job \(messages[number].decoded.id) came too late, or is dated ahead of Redis' clock"
            )
        }
    }

    /// The SHA-1 of a message, whose bytes are not here if it is too large.
    private static func sha1(_ proof: RedisArgument, _ message: [UInt8]) -> String {
        if case .string(let sha1) = proof { return sha1 }
        return JobDecoder.sha1(of: message)
    }
}

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
        var batch = Batch(queue: queue, mostAge: options.mostAge)
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
            keys: [keys.inbox(queue), keys.queue(queue)],
            [
                .string(queue), .integer(Int64(most)), .integer(Int64(JobDecoder.maximumMessageBytes)),
                .integer(Int64(Self.largestBatchBytes)),
            ]
        )
    }

    /// - Parameter behind: what was seen behind the messages of the batch.
    private func admit(
        _ batch: Batch,
        behind: ArraySlice<RedisValue>,
        claiming capacity: Capacity?,
        ahead: Int
    ) async throws(QueueError) -> Taken {
        let queue = batch.queue
        var arguments: [RedisArgument] = [
            .string(queue), .string(worker.id), .string(worker.node), .integer(Int64(options.mostLiveForStarts)),
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
            answer = try await call(Scripts.admit, keys: [keys.inbox(queue), keys.queue(queue)], arguments)
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
        _ batch: Batch,
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

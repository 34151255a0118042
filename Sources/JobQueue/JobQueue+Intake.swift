public import JobContract
import Redis
import Timestamps

/// How an intake went.
public struct IntakeOutcome: Sendable, Equatable {
    /// Messages taken off the queue.
    public var taken: Int
    /// How many messages were seen.
    public var seen: Int
    /// Whether the window of admitted jobs is full.
    public var isFull: Bool
    /// Whether what was set aside was read, not the queue.
    public var isFromOverflow = false
    /// Whether an operator has paused the queue: nothing was looked at.
    public var isPaused = false
    /// The messages that ended `rejected`, for the log.
    public var rejections: [Rejection]

    static let nothing = IntakeOutcome(taken: 0, seen: 0, isFull: false, rejections: [])
    static let paused = IntakeOutcome(taken: 0, seen: 0, isFull: false, isPaused: true, rejections: [])
}

/// What was taken in and claimed in one turn.
public struct Taken: Sendable {
    /// How the intake went; where it failed, jobs may have been claimed all the same.
    public var intake: Result<IntakeOutcome, QueueError>
    /// The jobs that were claimed; nil where nothing was to be claimed, or could not be in the same turn.
    public var claimed: [ClaimedJob]?

    public init(intake: Result<IntakeOutcome, QueueError>, claimed: [ClaimedJob]? = nil) {
        self.intake = intake
        self.claimed = claimed
    }
}

/// Messages on their way into lanes, as admit.lua takes them.
private struct Batch {
    let queue: String
    /// `queue` or `overflow`, whichever they were read from.
    let source: String
    var count = 0
    var arguments: [RedisArgument] = []
    var rejections: [(index: Int, rejection: Rejection)] = []

    init(queue: String, source: String) {
        self.queue = queue
        self.source = source
    }

    /// Adds the ten arguments of one message, in the order that admit.lua names.
    mutating func add(_ proof: RedisArgument, _ decoded: DecodedMessage) {
        switch decoded {
        case .rejected(let rejection):
            rejections.append((count, rejection))
            arguments += [
                proof, "rejected", .string(rejection.id), .string(rejection.kind?.rawValue ?? ""),
                .string(rejection.gameID ?? ""), "", "", "", "",
                .string("\(rejection.code.rawValue) \(rejection.error)"),
            ]
        case .job(let job):
            arguments += [
                proof, "job", .string(job.id), .string(job.kind.rawValue), .string(job.gameID),
                .string(job.deadline.map { String($0.millisecondsSinceEpoch) } ?? ""),
                .string(JobQueue.marks(of: job)), .string(job.enqueuedAt ?? ""), .string(job.traceparent ?? ""), "",
            ]
        }
        count += 1
    }
}

extension JobQueue {
    /// Most messages that one intake moves.
    public static let intakeBatch = 64
    private static let largestBatchBytes = 1 << 20

    /// Moves the oldest messages of `queue` into the lanes of their games.
    ///
    /// - Parameter decode: the one decoder, with the operator's policy behind it.
    public func intake(
        queue: String,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> IntakeOutcome {
        try await take(queue: queue, known: nil, claiming: nil, decode: decode).intake.get()
    }

    /// Moves the oldest messages of `queue` into the lanes of their games, and claims what is ready then, in one round
    /// trip where both are to be done.
    ///
    /// - Parameters:
    ///   - known: the oldest message, where it is known already: then it alone is moved.
    ///   - capacity: nil: nothing is to be claimed.
    ///   - decode: the one decoder, with the operator's policy behind it.
    public func take(
        queue: String,
        known: [UInt8]?,
        claiming capacity: Capacity?,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> Taken {
        var source = "queue"
        var messages: [RedisValue] = known.map { [.bulk($0)] } ?? []
        if messages.isEmpty {
            let peeked = try await peek(queue)
            if peeked.string == "paused" { return Taken(intake: .success(.paused)) }
            guard let rows = peeked.array, let list = rows.first?.string else {
                throw unexpected(Scripts.peek, peeked)
            }
            (source, messages) = (list, Array(rows.dropFirst()))
        }
        guard !messages.isEmpty else { return Taken(intake: .success(.nothing)) }
        var batch = Batch(queue: queue, source: source)
        for message in messages {
            let (proof, decoded) = try read(message, decode)
            batch.add(proof, decoded)
        }
        return try await admit(batch, claiming: capacity)
    }

    private func peek(_ queue: String) async throws(QueueError) -> RedisValue {
        try await call(
            Scripts.peek,
            keys: [keys.queue(queue), keys.overflow(queue)],
            [
                .string(queue), .integer(Int64(Self.intakeBatch)), .integer(Int64(JobDecoder.maximumMessageBytes)),
                .integer(Int64(Self.largestBatchBytes)), .integer(Int64(options.mostLiveStarts)),
            ]
        )
    }

    private func admit(_ batch: Batch, claiming capacity: Capacity?) async throws(QueueError) -> Taken {
        let queue = batch.queue
        let listKeys = [keys.queue(queue), keys.overflow(queue), keys.overflowing(queue)]
        let arguments: [RedisArgument] =
            [
                .string(queue), .string(worker.id), .string(worker.node), .integer(Int64(options.mostLiveStarts)),
                .integer(Int64(options.mostLiveOthers)), .string(batch.source),
            ] + batch.arguments
        guard let capacity else {
            let answer = try await call(Scripts.admit, keys: listKeys, arguments)
            return Taken(intake: .success(try outcome(of: batch, answer)))
        }
        // Redis runs them in this order, so the claim finds what was admitted.
        let answers = try await pipeline([
            Scripts.admit.command(keys: [keys.meta] + listKeys, arguments: arguments),
            Scripts.claim.command(keys: [keys.meta], arguments: claimArguments(capacity)),
        ])
        guard answers.count == 2 else { throw unexpected(Scripts.admit, .array(answers)) }
        var taken = Taken(intake: await intakeResult(of: batch, answers[0], listKeys, arguments))
        // Where the claim failed, the caller makes it once more; where the intake came after it after all, too.
        if case .error = answers[1] { return taken }
        taken.claimed = try claimed(answers[1])
        if case .error = answers[0], taken.claimed?.isEmpty == true { taken.claimed = nil }
        return taken
    }

    /// What an intake came to whose answer came beside that of a claim, which must not be lost with it.
    private func intakeResult(
        of batch: Batch,
        _ answer: RedisValue,
        _ listKeys: [String],
        _ arguments: [RedisArgument]
    ) async -> Result<IntakeOutcome, QueueError> {
        do throws(QueueError) {
            var answer = answer
            if case .error(let error) = answer {
                guard error.code == "NOSCRIPT" else { throw QueueError(script: Scripts.admit.name, .server(error)) }
                answer = try await call(Scripts.admit, keys: listKeys, arguments)
            }
            return .success(try outcome(of: batch, answer))
        } catch {
            return .failure(error)
        }
    }

    private func outcome(of batch: Batch, _ answer: RedisValue) throws(QueueError) -> IntakeOutcome {
        guard let counts = answer.array?.map(\.integer), counts.count == 3, let taken = counts[0] else {
            throw unexpected(Scripts.admit, answer)
        }
        if counts[2] == 1 { return .paused }
        return IntakeOutcome(
            taken: Int(taken),
            seen: batch.count,
            isFull: counts[1] == 1,
            isFromOverflow: batch.source == "overflow",
            rejections: batch.rejections.filter { $0.index < Int(taken) }.map(\.rejection)
        )
    }

    /// Above this size a message is named to `admit` by its SHA-1, else by its bytes, which are cheaper to compare.
    private static let longestProof = 512

    private func read(
        _ value: RedisValue,
        _ decode: (_ message: [UInt8]) -> DecodedMessage
    ) throws(QueueError) -> (proof: RedisArgument, DecodedMessage) {
        if let message = value.bytes {
            let proof: RedisArgument =
                message.count > Self.longestProof ? .string(JobDecoder.sha1(of: message)) : .bytes(message)
            return (proof, decode(message))
        }
        guard let parts = value.array, parts.count == 2, let size = parts[0].integer, let sha1 = parts[1].string else {
            throw unexpected(Scripts.peek, value)
        }
        let sentence = "the message has \(size) bytes; at most \(JobDecoder.maximumMessageBytes) are taken"
        return (
            .string(sha1),
            .rejected(Rejection(id: Syntax.invalidIDPrefix + sha1, code: .messageTooLarge, error: sentence))
        )
    }

    /// What a job does to earlier starts of its game, as placing.lua reads it.
    static func marks(of job: Job) -> String {
        (job.supersedesStarts ? "s" : "") + (job.cancelsStarts ? "c" : "")
    }
}

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
        let lists = [keys.queue(queue), keys.overflow(queue)]
        let peeked = try await call(
            Scripts.peek,
            keys: lists,
            [
                .string(queue), .integer(Int64(Self.intakeBatch)), .integer(Int64(JobDecoder.maximumMessageBytes)),
                .integer(Int64(Self.largestBatchBytes)), .integer(Int64(options.mostLiveStarts)),
            ]
        )
        if peeked.string == "paused" {
            return IntakeOutcome(taken: 0, seen: 0, isFull: false, isPaused: true, rejections: [])
        }
        guard let rows = peeked.array, let source = rows.first?.string else { throw unexpected(Scripts.peek, peeked) }
        let messages = rows.dropFirst()
        guard !messages.isEmpty else { return IntakeOutcome(taken: 0, seen: 0, isFull: false, rejections: []) }
        var arguments: [RedisArgument] = [
            .string(queue), .string(worker.id), .string(worker.node),
            .integer(Int64(options.mostLiveStarts)), .integer(Int64(options.mostLiveOthers)), .string(source),
        ]
        var rejected: [(index: Int, rejection: Rejection)] = []
        for (index, message) in messages.enumerated() {
            let (proof, decoded) = try read(message, decode)
            arguments += Self.arguments(proof, decoded)
            if case .rejected(let rejection) = decoded { rejected.append((index, rejection)) }
        }
        let answer = try await call(Scripts.admit, keys: lists + [keys.overflowing(queue)], arguments)
        guard let counts = answer.array?.map(\.integer), counts.count == 2, let taken = counts[0] else {
            throw unexpected(Scripts.admit, answer)
        }
        return IntakeOutcome(
            taken: Int(taken),
            seen: messages.count,
            isFull: counts[1] == 1,
            isFromOverflow: source == "overflow",
            rejections: rejected.filter { $0.index < Int(taken) }.map(\.rejection)
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

    /// The ten arguments of one message, in the order that admit.lua names.
    private static func arguments(_ proof: RedisArgument, _ decoded: DecodedMessage) -> [RedisArgument] {
        switch decoded {
        case .rejected(let rejection):
            return [
                proof, "rejected", .string(rejection.id), .string(rejection.kind?.rawValue ?? ""),
                .string(rejection.gameID ?? ""), "", "", "", "",
                .string("\(rejection.code.rawValue) \(rejection.error)"),
            ]
        case .job(let job):
            return [
                proof, "job", .string(job.id), .string(job.kind.rawValue), .string(job.gameID),
                .string(job.deadline.map { String($0.millisecondsSinceEpoch) } ?? ""),
                .string(marks(of: job)), .string(job.enqueuedAt ?? ""),
                .string(job.traceparent ?? ""), "",
            ]
        }
    }

    /// What a job does to earlier starts of its game, as placing.lua reads it.
    static func marks(of job: Job) -> String {
        (job.supersedesStarts ? "s" : "") + (job.cancelsStarts ? "c" : "")
    }
}

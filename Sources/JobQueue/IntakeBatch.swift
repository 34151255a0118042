import JobContract
import Primitives
import Redis

/// Messages on their way into lanes, as admit.lua takes them.
struct IntakeBatch {
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
                .string(rejection.gameID?.text ?? ""), "", "", "", "",
                .string("\(rejection.code.rawValue) \(rejection.error)"), .string(String(digest)),
            ]
        case .job(let job):
            arguments += [
                proof, "job", .string(job.id.text), .string(job.kind.rawValue), .string(job.gameID.text),
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

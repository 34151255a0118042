import JobContract
import Primitives
import Redis

/// A message that waits in a queue, as `peek` returns it.
package enum WaitingMessage: Sendable, Equatable {
    case whole([UInt8])
    /// A message that is too large to be returned: its size in bytes, and its SHA-1.
    case tooLarge(Int64, sha1: String)

    init(_ row: RedisValue) throws(QueueError) {
        if let message = row.bytes {
            self = .whole(message)
        } else if let parts = row.array, parts.count == 2, let size = parts[0].integer, let sha1 = parts[1].string {
            self = .tooLarge(size, sha1: sha1)
        } else {
            throw QueueError(call: "peek", message: "Redis answered \(row), which this version does not understand")
        }
    }
}

/// A message with its decoded content.
struct ReadMessage {
    /// The SHA-1 by which `admit` recognises the message.
    let sha1: String
    let decoded: DecodedMessage

    init(_ message: WaitingMessage, _ decode: (_ message: [UInt8]) -> DecodedMessage) {
        switch message {
        case .whole(let bytes):
            sha1 = JobDecoder.sha1(of: bytes)
            decoded = decode(bytes)
        case .tooLarge(let size, let sha1):
            self.sha1 = sha1
            let sentence = "the message has \(size) bytes; at most \(JobDecoder.maximumMessageBytes) are taken"
            decoded = .rejected(
                Rejection(id: JobID(Syntax.invalidIDPrefix + sha1), code: .messageTooLarge, error: sentence)
            )
        }
    }
}

/// Messages on their way into lanes, as `admit` takes them.
struct IntakeBatch {
    private var messages: [ReadMessage] = []
    private(set) var arguments: [JSONValue] = []
    /// Whether a job needs the time of its signature.
    private let mostAge: Duration?

    init(mostAge: Duration?) { self.mostAge = mostAge }

    mutating func add(_ message: ReadMessage) {
        messages.append(message)
        switch message.decoded {
        case .rejected(let rejection):
            // A message that is no job is compared by its bytes.
            let digest = rejection.digest ?? "-" + message.sha1.prefix(23)
            arguments.append(
                JSONValue(members: [
                    "sha1": .string(message.sha1), "id": .string(rejection.id.text), "digest": .string(digest),
                    "kind": rejection.kind.map { .string($0.rawValue) },
                    "game_id": rejection.gameID.map { .string($0.text) },
                    "is_message": rejection.digest == nil ? true : nil, "code": .string(rejection.code.rawValue),
                    "error": .string(rejection.error),
                ])
            )
        case .job(let job):
            let signedAt = job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }?.millisecondsSinceEpoch ?? 0
            let more =
                [JSONValue.Member(name: "sha1", value: .string(message.sha1))]
                + (mostAge == nil ? [] : [JSONValue.Member(name: "pushed_at", value: .integer(signedAt))])
            arguments.append(.object(JobFacts.members(of: job) + more))
        }
    }

    /// Reads the reply of `admit`; nil if this version does not understand the reply.
    func outcome(_ reply: RedisValue) -> IntakeOutcome? {
        guard let parts = reply.array, parts.count == 5, let count = parts[0].integer.map({ Int($0) }),
            count <= messages.count, let state = parts[1].string, let left = parts[2].integer
        else { return nil }
        if state == "paused" { return .paused }
        var outcome = IntakeOutcome(
            taken: count,
            seen: messages.count,
            isFull: state == "full",
            isEmptied: left == 0,
            rejections: messages.prefix(count).compactMap {
                if case .rejected(let rejection) = $0.decoded { rejection } else { nil }
            }
        )
        outcome.reused = numbered(parts[3]).map(\.decoded.id)
        outcome.rejections += numbered(parts[4]).map { message in
            Rejection(
                id: JobID(Syntax.invalidIDPrefix + message.sha1),
                code: .badSignature,
                error: "the signed job \(message.decoded.id) came too late, or is dated ahead of Redis' clock"
            )
        }
        return outcome
    }

    private func numbered(_ numbers: RedisValue) -> [ReadMessage] {
        (numbers.array ?? []).compactMap { $0.integer.map { Int($0) - 1 } }.filter(messages.indices.contains)
            .map { messages[$0] }
    }
}

/// The facts of a job that its record keeps.
package enum JobFacts {
    /// Returns the members of a job's arguments to `admit` and `requeue`.
    static func members(of job: Job) -> [JSONValue.Member] {
        JSONValue.members([
            "id": .string(job.id.text), "digest": .string(job.digest), "kind": .string(job.kind.rawValue),
            "game_id": .string(job.gameID.text),
            "deadline": job.deadline.map { .string(String($0.millisecondsSinceEpoch)) },
            "enqueued_at": job.enqueuedAt.map { .string($0) }, "traceparent": job.traceparent.map { .string($0) },
            "supersedes": job.supersedesStarts ? true : nil, "cancels": job.cancelsStarts ? true : nil,
            "cpu": job.limits.cpuQuota.map { .string(String(Demand.thousandths($0))) },
            "memory": job.limits.memory.flatMap { MemorySize($0) }.map { .string(String($0.bytes)) },
        ])
    }

    /// Returns a job's argument to `requeue`: without its deadline, which a person's retry ignores.
    package static func ofRetry(_ job: Job) -> JSONValue {
        .object(members(of: job).filter { $0.name != "deadline" })
    }
}

import JobQueue
import JobContract
import Redis

/// One entry of the stream of dead messages and jobs.
package struct DeadLetter: Sendable, Equatable {
    /// Id of the entry on the stream; names the letter for an operator.
    package var entry: String
    package var jobID: String
    package var run: Int
    package var queue: String
    package var errorCode: String
    package var error: String
    /// The producer's bytes: all of a job, the first 4 KiB of what is no job.
    package var message: [UInt8]
    /// Bytes of the whole message.
    package var size: Int
    package var diedAt: String

    /// Whether nothing of the message was cut off, so that it can be tried again.
    package var isWhole: Bool { message.count == size }
}

/// How a retry or a drop of a dead letter went.
package enum DeadLetterAnswer: String, Sendable {
    case ok
    /// It is there no more: somebody else retried or dropped it.
    case gone
    /// The job runs again already.
    case live
    /// Its id belongs to another job, so it can only be dropped.
    case reused
}

extension JobQueue {
    /// Dead letters, the latest first, at most `limit`; before the entry `before` where given.
    package func deadLetters(limit: Int, before: String? = nil) async throws(QueueError) -> [DeadLetter] {
        let newest = before.map { "(" + $0 } ?? "+"
        let answer = try await command(
            RedisCommand("XREVRANGE", .string(keys.dead), .string(newest), "-", "COUNT", .integer(Int64(limit)))
        )
        return (answer.array ?? []).compactMap(Self.deadLetter)
    }

    /// Forgets all dead letters that are there now; those that come meanwhile stay. Results and ids stay known.
    ///
    /// - Returns: how many were forgotten.
    package func dropAll() async throws(QueueError) -> Int {
        let newest = try await command(RedisCommand("XREVRANGE", .string(keys.dead), "+", "-", "COUNT", 1))
        guard let last = newest.array?.first?.array?.first?.string else { return 0 }
        var dropped = 0
        while true {
            let answer = try await call(Scripts.clear, keys: [keys.dead], [.string(last), 32])
            guard let count = answer.integer else { throw unexpected(Scripts.clear, answer) }
            if count == 0 { return dropped }
            dropped += Int(count)
        }
    }

    /// The dead letter that an operator names: by the id of its entry, or by its job's id (then the latest of it, among
    /// the latest `searched`).
    package func deadLetter(named name: String, searched: Int = 10_000) async throws(QueueError) -> DeadLetter? {
        if Self.isEntryID(name) {
            let answer = try await command(
                RedisCommand("XRANGE", .string(keys.dead), .string(name), .string(name))
            )
            if let letter = answer.array?.first.flatMap(Self.deadLetter) { return letter }
        }
        var before: String?
        var reused: DeadLetter?
        var left = searched
        while left > 0 {
            let page = try await deadLetters(limit: min(left, 100), before: before)
            for letter in page where letter.jobID == name {
                // What the id stands for comes first, before messages that have reused it.
                guard letter.errorCode == ErrorCode.idReused.rawValue else { return letter }
                reused = reused ?? letter
            }
            guard let last = page.last else { break }
            before = last.entry
            left -= page.count
        }
        return reused
    }

    /// Lets a dead job run again: same id, next run, at the end of its game's lane, without its deadline.
    ///
    /// - Parameter job: what `letter.message` says, decoded.
    package func retry(_ letter: DeadLetter, as job: Job) async throws(QueueError) -> DeadLetterAnswer {
        let sha1 = RedisArgument.string(JobDecoder.sha1(of: letter.message))
        var arguments: [RedisArgument] = [.string(letter.entry), sha1]
        // The age of a signed job is not compared for an operator, so it does not go through the queue again.
        if letter.jobID == job.id || options.mostAge != nil {
            arguments += [
                "job", .string(job.id), .string(job.kind.rawValue), .string(job.gameID),
                .string(Self.marks(of: job)), .string(job.enqueuedAt ?? ""),
                .string(job.traceparent ?? ""), .string(job.digest),
            ]
        } else {
            // It was rejected before its id was believed; now it is a message like any other.
            arguments.append("message")
        }
        return try await answer(of: Scripts.requeue, arguments)
    }

    /// Forgets a dead letter. The result and the id stay known.
    package func drop(_ letter: DeadLetter) async throws(QueueError) -> DeadLetterAnswer {
        try await answer(of: Scripts.drop, [.string(letter.entry)])
    }

    private func answer(
        of script: RedisScript,
        _ arguments: [RedisArgument]
    ) async throws(QueueError) -> DeadLetterAnswer {
        let answer = try await call(script, keys: [keys.dead], arguments)
        guard let word = answer.string.flatMap(DeadLetterAnswer.init(rawValue:)) else {
            throw unexpected(script, answer)
        }
        return word
    }

    private static func isEntryID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { UInt64($0) != nil }
    }

    private static func deadLetter(_ entry: RedisValue) -> DeadLetter? {
        guard let parts = entry.array, parts.count == 2, let id = parts[0].string, let pairs = parts[1].array else {
            return nil
        }
        var fields: [String: RedisValue] = [:]
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            fields[pairs[index].string ?? ""] = pairs[index + 1]
        }
        func text(_ name: String) -> String { fields[name]?.string ?? "" }
        return DeadLetter(
            entry: id,
            jobID: text("job_id"),
            run: Int(text("run")) ?? 1,
            queue: text("queue"),
            errorCode: text("error_code"),
            error: text("error"),
            message: fields["message"]?.bytes ?? [],
            size: Int(text("size")) ?? 0,
            diedAt: text("died_at")
        )
    }
}

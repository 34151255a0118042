import JobContract
import JobQueue
import Primitives
import Redis

/// A rejected message or a failed job on the stream `{ns}:dead`.
package struct DeadLetter: Sendable, Equatable {
    /// The id of the entry on the stream. An operator names the letter by this id.
    package var entry: String
    package var jobID: JobID
    package var run: Int
    package var queue: String
    package var errorCode: String
    package var error: String
    /// The producer's bytes: all bytes of a job, or the first 4 KiB of a message that is no job.
    package var message: [UInt8]
    /// The size of the whole message in bytes.
    package var size: Int
    package var diedAt: String

    /// Whether the message is complete. Only a complete message can be retried.
    package var isWhole: Bool { message.count == size }
}

/// The outcome of a retry or a drop of a dead letter.
package enum DeadLetterAnswer: String, Sendable {
    case ok
    /// The letter is gone: another operator retried or dropped it.
    case gone
    /// The job already runs again.
    case live
    /// The id belongs to another job, so the letter can only be dropped.
    case reused
}

extension JobQueue {
    /// Returns dead letters, newest first.
    ///
    /// - Parameters:
    ///   - limit: The greatest number of letters.
    ///   - before: An entry id. Only older entries are returned; nil: from the newest.
    package func deadLetters(limit: Int, before: String? = nil) async throws(QueueError) -> [DeadLetter] {
        let newest = before.map { "(" + $0 } ?? "+"
        let answer = try await command(
            RedisCommand("XREVRANGE", .string(keys.dead), .string(newest), "-", "COUNT", .integer(Int64(limit)))
        )
        return (answer.array ?? []).compactMap(Self.deadLetter)
    }

    /// Returns the dead letters next to an entry that are newer, the oldest first.
    package func deadLetters(limit: Int, after: String) async throws(QueueError) -> [DeadLetter] {
        let answer = try await command(
            RedisCommand("XRANGE", .string(keys.dead), .string("(" + after), "+", "COUNT", .integer(Int64(limit)))
        )
        return (answer.array ?? []).compactMap(Self.deadLetter)
    }

    /// Drops all present dead letters. Letters that arrive during the call stay, and results and ids stay known.
    ///
    /// - Returns: The number of dropped letters.
    package func dropAll() async throws(QueueError) -> Int {
        let newest = try await command(RedisCommand("XREVRANGE", .string(keys.dead), "+", "-", "COUNT", 1))
        guard let last = newest.array?.first?.array?.first?.string else { return 0 }
        var dropped = 0
        while true {
            let answer = try await call(.clear, keys: [keys.dead], ["last": .string(last), "most": 32])
            guard let count = answer.integer else { throw unexpected(.clear, answer) }
            if count == 0 { return dropped }
            dropped += Int(count)
        }
    }

    /// Returns the dead letter with this entry id, or else the newest letter of the job with this id.
    ///
    /// - Parameter searched: The number of newest letters to search for a job's id.
    package func deadLetter(named name: String, searched: Int = 10_000) async throws(QueueError) -> DeadLetter? {
        if StreamPart.isEntry(name) {
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
            for letter in page where letter.jobID.text == name {
                // The letter of the id's own job comes before letters of messages that reused the id.
                guard letter.errorCode == ErrorCode.idReused.rawValue else { return letter }
                reused = reused ?? letter
            }
            guard let last = page.last else { break }
            before = last.entry
            left -= page.count
        }
        return reused
    }

    /// Runs a dead job again: the same id, the next run, at the end of its game's lane, without its deadline.
    ///
    /// - Parameter job: The decoded `letter.message`.
    package func retry(_ letter: DeadLetter, as job: Job) async throws(QueueError) -> DeadLetterAnswer {
        // An operator's retry skips the age check for signed jobs, so the job goes directly into its lane. A message that
        // was rejected before its id was trusted goes back to its queue like a new one.
        let isJob = letter.jobID == job.id || options.mostAge != nil
        return try await answer(
            of: .requeue,
            [
                "entry": .string(letter.entry), "sha1": .string(JobDecoder.sha1(of: letter.message)),
                "job": isJob ? JobFacts.ofRetry(job) : nil,
            ]
        )
    }

    /// Drops a dead letter. The result and the id stay known.
    package func drop(_ letter: DeadLetter) async throws(QueueError) -> DeadLetterAnswer {
        try await answer(of: .drop, ["entry": .string(letter.entry)])
    }

    private func answer(
        of function: QueueFunction,
        _ arguments: KeyValuePairs<String, JSONValue?>
    ) async throws(QueueError) -> DeadLetterAnswer {
        let answer = try await call(function, keys: [keys.dead], arguments)
        guard let word = answer.string.flatMap(DeadLetterAnswer.init(rawValue:)) else {
            throw unexpected(function, answer)
        }
        return word
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
            jobID: JobID(text("job_id")),
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

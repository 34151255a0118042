import JobContract
import JobQueue
import Primitives
import Redis

/// The reason why a dead letter was not retried or dropped.
package struct LetterRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

extension JobQueue {
    /// Retries a dead letter. Decodes the message as a worker would, because an invalid message cannot be retried.
    ///
    /// - Parameter name: What the letter is called in a refusal.
    /// - Throws: ``LetterRefusal``, or ``QueueError`` if Redis was not reached.
    package func retry(_ letter: DeadLetter, named name: String, decoder: JobDecoder) async throws {
        guard letter.isWhole else {
            throw LetterRefusal(
                "Redis kept only \(letter.message.count) of the message's \(letter.size) bytes; push the message again"
            )
        }
        let job: Job
        switch decoder.decode(letter.message) {
        case .job(let decoded): job = decoded
        case .rejected(let rejection):
            throw LetterRefusal("the message is still no job (\(rejection.code.rawValue)): \(rejection.error)")
        }
        try await requireLargeNode(for: job)
        switch try await retry(letter, as: job) {
        case .ok: return
        case .gone: throw Self.gone(name)
        case .reused:
            throw LetterRefusal(
                "the id \(letter.jobID) belongs to another job; push the message under another id, and drop this one"
            )
        case .live: throw LetterRefusal("job \(letter.jobID) runs again already")
        }
    }

    /// Refuses a start with limits above the capacity of every node: the start, and all later jobs of its game behind it,
    /// would wait for ever.
    private func requireLargeNode(for job: Job) async throws {
        let cpu = job.limits.cpuQuota.map { Demand.thousandths($0) } ?? 0
        let memory = job.limits.memory.flatMap { MemorySize($0) }?.bytes ?? 0
        let nodes = try await members(of: "nodes")
        guard job.kind.startsGame, cpu > 0 || memory > 0, !nodes.isEmpty else { return }
        let answers = try await pipeline(
            nodes.map { RedisCommand("HMGET", .string(keys.prefix + "node:" + $0), "cpu", "memory") }
        )
        let isTooLarge = answers.allSatisfy { answer in
            let most = (answer.array ?? []).map { $0.string.flatMap { Int64($0) } ?? 0 }
            // 0 is no bound.
            return most.count == 2 && (most[0] > 0 && cpu > most[0] || most[1] > 0 && memory > most[1])
        }
        guard isTooLarge else { return }
        let asked = [job.limits.cpuQuota.map { "cpu_quota \($0)" }, job.limits.memory.map { "memory \($0)" }]
        throw LetterRefusal(
            "no node is as large as the job asks (\(asked.compactMap(\.self).joined(separator: ", "))): it would wait "
                + "for ever; push it again with smaller limits, or add a larger node"
        )
    }

    /// Drops a dead letter.
    ///
    /// - Parameter name: What the letter is called in a refusal.
    /// - Throws: ``LetterRefusal``, or ``QueueError`` if Redis was not reached.
    package func drop(_ letter: DeadLetter, named name: String) async throws {
        guard try await drop(letter) == .ok else { throw Self.gone(name) }
    }

    private static func gone(_ name: String) -> LetterRefusal {
        LetterRefusal("\(name) is no longer a dead letter: somebody retried or dropped it")
    }
}

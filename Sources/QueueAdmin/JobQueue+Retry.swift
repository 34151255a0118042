import JobContract
import JobQueue

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

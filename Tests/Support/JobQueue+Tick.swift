import JobContract
import JobQueue

extension JobQueue {
    /// A look at what is due by a worker whose Engine answers, and that has found no silence.
    package func tick() async throws(QueueError) -> TickOutcome {
        try await tick(engineAnswers: true, afterSilence: false)
    }
}

extension JobQueue {
    /// Moves the oldest messages of a queue into the lanes, and claims nothing.
    package func intake(
        queue: String,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws -> IntakeOutcome {
        try await take(queue: queue, decode: decode).intake.get()
    }
}

import JobContract
import JobQueue

extension JobQueue {
    /// A sweep by a worker whose Docker Engine answers, and that has noticed no outage.
    package func sweep() async throws(QueueError) -> SweepOutcome {
        try await sweep(docker: .answers, after: .none)
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

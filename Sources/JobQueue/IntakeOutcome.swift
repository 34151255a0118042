import JobContract
import Redis

/// How an intake went.
package struct IntakeOutcome: Sendable, Equatable {
    /// Messages taken off the queue.
    package var taken: Int
    /// How many messages were seen.
    package var seen: Int
    /// Whether the window of admitted jobs is full.
    package var isFull: Bool
    /// Whether an operator has paused the queue: nothing was looked at.
    package var isPaused = false
    /// Whether nothing is left in the queue.
    package var isEmptied = false
    /// The messages that ended `rejected`, for the log.
    package var rejections: [Rejection]
    /// Ids of messages that ask for something else than the job whose id they have.
    package var reused: [JobID] = []

    /// The same with something left in the queue.
    func leaving() -> IntakeOutcome {
        var outcome = self
        outcome.isEmptied = false
        return outcome
    }

    static let nothing = IntakeOutcome(taken: 0, seen: 0, isFull: false, isEmptied: true, rejections: [])
    static let paused = IntakeOutcome(taken: 0, seen: 0, isFull: false, isPaused: true, rejections: [])
}

/// What was taken in and claimed in one turn.
package struct Taken: Sendable {
    /// How the intake went; where it failed, nothing was claimed.
    package var intake: Result<IntakeOutcome, QueueError>
    /// The jobs that were claimed; nil where nothing was to be claimed, or could not be.
    package var claimed: ClaimedJobs?
    /// Jobs that were taken in and wait now, with the producer's bytes.
    package var waiting: [(message: [UInt8], decoded: DecodedMessage)] = []
    /// The oldest messages of the queue, where they are known.
    package var ahead = SeenMessages()

    package init(intake: Result<IntakeOutcome, QueueError>, claimed: ClaimedJobs? = nil) {
        self.intake = intake
        self.claimed = claimed
    }
}

/// Messages at the end of a queue as they were last seen there, the oldest first. Others may have taken them since.
package struct SeenMessages: Sendable, Equatable {
    /// As peek.lua answers them.
    var rows: [RedisValue] = []

    package init(_ messages: [[UInt8]] = []) { rows = messages.map { .bulk($0) } }

    package var isEmpty: Bool { rows.isEmpty }
}

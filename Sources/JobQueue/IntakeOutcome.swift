import JobContract

/// The outcome of an intake.
package struct IntakeOutcome: Sendable, Equatable {
    /// The number of messages taken off the queue.
    package var taken: Int
    /// The number of messages read.
    package var seen: Int
    /// Whether the window of admitted jobs was full.
    package var isFull: Bool
    /// Whether an operator has paused the queue. Nothing was read.
    package var isPaused = false
    /// Whether the queue and its inbox were empty afterwards.
    package var isEmptied = false
    /// The messages that ended `rejected`, for the log.
    package var rejections: [Rejection]
    /// The ids of messages that ask for something else than the job with the same id.
    package var reused: [JobID] = []

    static let nothing = IntakeOutcome(taken: 0, seen: 0, isFull: false, isEmptied: true, rejections: [])
    static let paused = IntakeOutcome(taken: 0, seen: 0, isFull: false, isPaused: true, rejections: [])
}

/// The outcome of one call: an intake, and a claim if the worker asked for one.
package struct Taken: Sendable {
    /// The outcome of the intake. A failed intake has no effect on the claim.
    package var intake: Result<IntakeOutcome, QueueError>
    /// The claimed jobs; nil if the worker asked for none, or if the claim failed.
    package var claimed: ClaimedJobs?
    /// The error of a failed claim.
    package var claimFailure: QueueError?
    /// The oldest messages after the intake; empty if they were not read ahead.
    package var next: [WaitingMessage] = []

    package init(intake: Result<IntakeOutcome, QueueError>, claimed: ClaimedJobs? = nil, next: [WaitingMessage] = []) {
        self.intake = intake
        self.claimed = claimed
        self.next = next
    }
}

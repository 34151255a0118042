import JobContract

/// A job that this worker holds under a lease.
package struct HeldJob: Sendable, Equatable {
    package var id: JobID
    package var token: LeaseToken

    package init(id: JobID, token: LeaseToken) {
        self.id = id
        self.token = token
    }
}

extension ClaimedJob {
    package var held: HeldJob { HeldJob(id: id, token: token) }
}

/// Whether the Docker Engine of the worker answers. If so, Redis also counts the node as living.
package enum DockerState: Sendable, Equatable {
    case answers
    case away

    package init(answers: Bool) { self = answers ? .answers : .away }
}

/// What an attempt may have left on the Docker Engine, for the next attempt to inspect.
package enum Remains: Sendable, Equatable {
    case nothing
    case possible

    package init(possible: Bool) { self = possible ? .possible : .nothing }
}

/// What becomes of the game's reservation on the node.
package enum ReservationChange: Sendable, Equatable {
    case keep
    case free

    package init(frees: Bool) { self = frees ? .free : .keep }
}

/// Who claims the jobs that a call makes ready.
package enum NextClaim: Sendable, Equatable {
    /// The caller claims right after the call, so Redis wakes nobody.
    case byCaller
    /// Redis wakes idle workers.
    case byOthers
}

/// Whether the worker has noticed that Redis or all workers were away.
package enum OutageNotice: Sendable, Equatable {
    case none
    case outage
}

/// An attempt that failed, before another attempt of the same job.
package struct FailedAttempt: Sendable, Equatable {
    /// The time until the next attempt.
    package var pause: Duration
    package var code: ErrorCode
    /// A sentence for a person.
    package var error: String
    package var reservation: ReservationChange
    package var remains: Remains

    package init(
        pause: Duration,
        code: ErrorCode,
        error: String,
        reservation: ReservationChange = .free,
        remains: Remains = .nothing
    ) {
        self.pause = pause
        self.code = code
        self.error = error
        self.reservation = reservation
        self.remains = remains
    }
}

/// A game and one of its jobs.
package struct GameJob: Sendable, Equatable {
    package var gameID: GameID
    package var jobID: JobID

    package init(gameID: GameID, jobID: JobID) {
        self.gameID = gameID
        self.jobID = jobID
    }
}

/// The length of a queue.
package struct QueueDepth: Sendable, Equatable {
    /// The number of messages in the queue and its inbox.
    package var waiting: Int
    package var isPaused: Bool

    package init(waiting: Int, isPaused: Bool) {
        self.waiting = waiting
        self.isPaused = isPaused
    }
}

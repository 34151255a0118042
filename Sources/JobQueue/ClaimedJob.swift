import JobContract
import Redis

/// A job leased by this worker.
package struct ClaimedJob: Sendable, Equatable {
    package var id: JobID
    package var gameID: GameID
    package var token: LeaseToken
    /// The number of attempts, including the current attempt.
    package var attempt: Int
    package var queue: String
    /// The producer's bytes.
    package var message: [UInt8]
    /// For a restart: the record of the game's last successful start, if there is one.
    package var lastStart: [UInt8]?
    /// The number of the job's life. An operator's retry begins run 2 and later runs.
    package var run: Int
    /// The time of the claim by the shared clock, in RFC 3339.
    package var takenAt: String
    /// The ``Job/digest`` of the job at its admission.
    package var digest = ""
    /// The reason to undo the job instead of running it; nil: the worker runs the job.
    package var undo: Undo?
    /// What a start holds on the node since its claim; nil for other jobs.
    package var reservation: NodeReservation?
    /// The kind of the job at its admission, also one of another version.
    package var kind = ""
    /// The producer's time of the push, and the context of its trace; nil: the message has none.
    package var enqueuedAt: String?
    package var traceparent: String?
    /// Whether this job made the node the owner of the game.
    package var hasMadeOwner = false

    /// The reason why a worker only removes what an earlier attempt may have left behind.
    package enum Undo: Int, Sendable {
        /// A later stop or remove made the job obsolete.
        case superseded = 1
        /// The job's worker died too often.
        case poisoned = 2
    }
}

extension ClaimedJob {
    /// Reads a row of the reply of `claim`; nil if the row is none.
    init?(_ row: RedisValue, takenAt: String) {
        guard let parts = row.array, parts.count == 15, let id = parts[0].string, let token = parts[1].string,
            let attempt = parts[2].integer, let queue = parts[3].string, let message = parts[4].bytes,
            let run = parts[6].integer, let digest = parts[8].string, let game = parts[9].string,
            let kind = parts[11].string
        else { return nil }
        self.init(
            id: JobID(id),
            gameID: GameID(game),
            token: LeaseToken(token),
            attempt: Int(attempt),
            queue: queue,
            message: message,
            lastStart: parts[5].bytes.flatMap { $0.isEmpty ? nil : $0 },
            run: Int(run),
            takenAt: takenAt,
            digest: digest,
            undo: parts[7].integer.flatMap { Undo(rawValue: Int($0)) },
            reservation: parts[10].string.flatMap { NodeReservation($0) },
            kind: kind,
            enqueuedAt: parts[12].string.flatMap { $0.isEmpty ? nil : $0 },
            traceparent: parts[13].string.flatMap { $0.isEmpty ? nil : $0 },
            hasMadeOwner: parts[14].integer == 1
        )
    }
}

/// The result of a claim.
package struct ClaimedJobs: Sendable, Equatable {
    package var jobs: [ClaimedJob]
    /// The classes with ready jobs left after the claim, for lack of capacity.
    package var waiting: JobClasses

    package init(_ jobs: [ClaimedJob] = [], waiting: JobClasses = []) {
        self.jobs = jobs
        self.waiting = waiting
    }
}

/// The classes of jobs with separate concurrency permits. `claim` adds up these numbers.
package struct JobClasses: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Stops and removes.
    package static let stops = JobClasses(rawValue: 1)
    /// Starts and restarts.
    package static let starts = JobClasses(rawValue: 2)
    /// Starts left to other nodes. If their workers do not come, this worker may take the starts soon.
    package static let passed = JobClasses(rawValue: 4)
    /// Starts that the claim has not looked at. The worker claims again at once.
    package static let unseen = JobClasses(rawValue: 8)
}

/// The number of jobs that a worker can take now.
package struct Capacity: Sendable, Equatable {
    /// Starts and restarts.
    package var starts: Int
    /// Stops and removes. Their permits are separate, so stops never wait behind starts.
    package var stops: Int

    /// No capacity.
    package static let none = Capacity(starts: 0, stops: 0)

    package init(starts: Int, stops: Int) {
        self.starts = starts
        self.stops = stops
    }
}

import JobContract
import Primitives

/// The states of the jobs in a list, in the list's order.
package enum ListedState: String, Sendable, CaseIterable {
    case retrying, running, waiting, dead
}

/// The choice of jobs for a list. A missing property excludes no job.
package struct JobFilter: Sendable, Equatable {
    package var states = Set(ListedState.allCases)
    package var game: IDPattern?
    package var queue: String?
    package var node: NodeID?
    /// The error code of the last attempt, or of the dead letter.
    package var code: String?
    /// The earliest time of the job's last step, in ms since 1970 on the clock of Redis.
    package var since: Int64?

    package init() {}

    package func matches(_ job: ListedJob) -> Bool {
        states.contains(job.state)
            && game?.matches(job.gameID.text) ?? true
            && queue.map { $0 == job.queue } ?? true
            && node.map { $0 == job.node } ?? true
            && code.map { $0 == job.code } ?? true
            && since.map { job.time ?? 0 >= $0 } ?? true
    }
}

/// A job in a list.
package struct ListedJob: Sendable, Equatable {
    /// What is known of the job, by its way through the queue.
    package enum Source: Sendable, Equatable {
        /// A worker has taken the job in.
        case live(JobDetail)
        /// No worker has taken in the message. `before` counts the messages before it.
        case queued(before: Int, QueueOverview, isWindowFull: Bool)
        case dead(DeadLetter)
    }

    package var id: JobID
    package var state: ListedState
    /// The kind; empty: unknown.
    package var kind: String
    /// The game; empty: unknown.
    package var gameID: GameID
    package var queue: String
    /// The node with the game; nil: any node may run the job, or nobody knows.
    package var node: NodeID?
    package var attempts: Int?
    /// The time of the last known step, in ms since 1970: the push, the begin of the last attempt, or the death.
    package var time: Int64?
    package var code: String?
    package var error: String?
    package var source: Source

    /// The position in a list.
    package var position: JobPosition {
        switch source {
        // Jobs that retry are in the order of their next attempts.
        case .live(let detail) where state == .retrying: .admitted(state, at: detail.due ?? .max, id)
        case .live: .admitted(state, at: time ?? (state == .running ? 0 : .max), id)
        case .queued: .queued(id, queue: queue)
        case .dead(let letter): .dead(entry: letter.entry)
        }
    }

    /// Creates a row for a live job.
    init(_ detail: JobDetail, _ state: ListedState) {
        let fields = detail.fields
        id = detail.id
        self.state = state
        kind = fields["kind"] ?? ""
        gameID = detail.gameID
        queue = fields["_queue"] ?? ""
        node = fields["_node"].map { NodeID($0) }
        attempts = fields["_attempts"].flatMap { Int($0) }
        time =
            (fields["_taken_at"] ?? fields["_enqueued_at"]).flatMap { Timestamp(rfc3339: $0) }?
            .millisecondsSinceEpoch
        code = fields["_error_code"]
        error = fields["_error"]
        source = .live(detail)
    }

    /// Creates a row for a job that no worker has taken in.
    init(_ job: Job, before: Int, in queue: QueueOverview, isWindowFull: Bool) {
        id = job.id
        state = .waiting
        kind = job.kind.rawValue
        gameID = job.gameID
        self.queue = queue.name
        time = job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }?.millisecondsSinceEpoch
        source = .queued(before: before, queue, isWindowFull: isWindowFull && job.kind.startsGame)
    }

    /// Creates a row for a dead letter.
    ///
    /// - Parameter fields: The fields of the job's record. A rejected message has no record.
    init(_ letter: DeadLetter, fields: [String: String]) {
        id = letter.jobID
        state = .dead
        kind = fields["kind"] ?? ""
        gameID = GameID(fields["game_id"] ?? "")
        queue = letter.queue
        node = fields["node"].map { NodeID($0) }
        attempts = fields["attempts"].flatMap { Int($0) }
        time = letter.entry.split(separator: "-").first.flatMap { Int64($0) }
        code = letter.errorCode
        error = letter.error
        source = .dead(letter)
    }
}

/// Jobs in the order of ``ListedState``, and what the list lacks.
package struct JobList: Sendable, Equatable {
    /// The time of Redis, in ms since 1970.
    package var now: Int64 = 0
    package var jobs: [ListedJob] = []
    /// The states with more matching jobs behind those of the list.
    package var more: Set<ListedState> = []
    /// Whether there may be matching jobs before those of the list.
    package var hasMoreBefore = false
    /// The states of which only a part was searched.
    package var unsearched: Set<ListedState> = []

    package init() {}
}

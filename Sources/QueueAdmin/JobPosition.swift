import JobContract

/// The position of a job in a list. It stays the same while other jobs come and go, and it has a text for addresses.
package enum JobPosition: Sendable, Equatable {
    /// A job that a worker has taken in: its state, its time in the list's order, and its id.
    case admitted(ListedState, at: Int64, JobID)
    /// A message that no worker has taken in.
    case queued(JobID, queue: String)
    /// A dead letter, by its entry.
    case dead(entry: String)

    package var state: ListedState {
        switch self {
        case .admitted(let state, _, _): state
        case .queued: .waiting
        case .dead: .dead
        }
    }

    /// Reads a position; nil if the text is none.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        let rest = parts[1]
        switch parts[0] {
        case "dead":
            let numbers = rest.split(separator: "-", omittingEmptySubsequences: false)
            guard numbers.count == 2, numbers.allSatisfy({ UInt64($0) != nil }) else { return nil }
            self = .dead(entry: rest)
        case "queued":
            // The id of a job has no slash.
            let names = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else { return nil }
            self = .queued(JobID(names[0]), queue: names[1])
        default:
            let names = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let state = ListedState(rawValue: parts[0]), state != .dead, names.count == 2, !names[1].isEmpty,
                let time = names[0].isEmpty ? .max : Int64(names[0])
            else { return nil }
            self = .admitted(state, at: time, JobID(names[1]))
        }
    }

    /// The text: `running:1764480000000:ID`, `waiting::ID` without a time, `queued:ID/QUEUE`, `dead:ENTRY`.
    package var text: String {
        switch self {
        case .admitted(let state, let time, let id): "\(state.rawValue):\(time == .max ? "" : "\(time)"):\(id)"
        case .queued(let id, let queue): "queued:\(id)/\(queue)"
        case .dead(let entry): "dead:\(entry)"
        }
    }

    /// The time and the id of a job that a worker has taken in.
    var key: JobKey? {
        guard case .admitted(_, let time, let id) = self else { return nil }
        return JobKey(time: time, id: id)
    }
}

/// The part of a list of jobs. A part behind or before a position has the jobs of the position's state.
package enum JobListPart: Sendable, Equatable {
    /// The begin of the list: jobs of each state.
    case begin
    /// The jobs that come later in time than a position.
    case after(JobPosition)
    /// The jobs that come earlier in time than a position, those next to it.
    case before(JobPosition)

    package var position: JobPosition? {
        switch self {
        case .begin: nil
        case .after(let position), .before(let position): position
        }
    }

    /// Whether the part lies before its position in the list. The list has the newest dead letter first.
    var isBackward: Bool {
        switch self {
        case .begin: false
        case .after(let position): position.state == .dead
        case .before(let position): position.state != .dead
        }
    }
}

/// The place of a job in the order of its state.
struct JobKey: Comparable {
    var time: Int64
    var id: JobID

    static func < (left: Self, right: Self) -> Bool { (left.time, left.id) < (right.time, right.id) }
}

/// The jobs next to a position, of any number of jobs. It holds a bounded number of them at a time.
struct NearestJobs {
    private let most: Int
    private let isBackward: Bool
    private let bound: JobKey?
    private var jobs: [(key: JobKey, job: ListedJob)] = []
    /// The number of jobs beyond the bound that were added.
    private(set) var count = 0

    /// - Parameter most: The number of jobs to return.
    init(_ most: Int, part: JobListPart) {
        self.most = most
        isBackward = part.isBackward
        bound = part.position?.key
    }

    /// Returns whether a job with this key may be among the jobs.
    func allows(_ key: JobKey) -> Bool {
        guard let bound else { return true }
        return isBackward ? key < bound : key > bound
    }

    mutating func add(_ job: ListedJob) {
        guard let key = job.position.key, allows(key) else { return }
        jobs.append((key, job))
        count += 1
        if jobs.count >= 4 * most { cut() }
    }

    /// Returns the jobs in the order of the list, each once: a job may be found twice in a hash that grows.
    mutating func sorted() -> [ListedJob] {
        cut()
        return jobs.map(\.job)
    }

    private mutating func cut() {
        jobs.sort { $0.key < $1.key }
        var last: JobKey?
        jobs.removeAll { entry in
            defer { last = entry.key }
            return entry.key == last
        }
        jobs = Array(isBackward ? jobs.suffix(most) : jobs.prefix(most))
    }
}

import JobContract
import JobQueue

/// What the delivery protocol is meant to do, without Redis: plain arrays and dictionaries, one method per script.
struct LaneModel {
    struct Message: Equatable {
        var id: JobID
        var kind: JobKind
        var game: GameID
        var isExpired = false
        var isGuarded = false
        var force = false
        /// Of a kind that the contract does not know.
        var isInvalid = false
        /// The memory limit of a start, in bytes; nil: none.
        var memory: Int64?

        var startsGame: Bool { kind == .start || kind == .restart }
        var supersedes: Bool { !startsGame && !isGuarded }
        var cancels: Bool { supersedes && (kind == .stop || force) }

        /// Whether it asks for the same; deadlines are not compared but among messages that are no jobs.
        func asksForTheSame(as other: Message) -> Bool {
            var other = other
            if !isInvalid { other.isExpired = isExpired }
            return self == other
        }
    }

    struct LiveJob: Equatable {
        var message: Message
        var queue: String
        var seq: Int
        var run = 1
        var attempts = 0
        var crashes = 0
        var state = JobState.waiting
        var worker: String?
        var node: NodeID?
        /// Whether it made its node the owner of the game.
        var owns = false
        var isCancelled = false
        /// Whether an attempt may have left something behind.
        var isDirty = false
        /// Whether it has killed too many workers, and is only undone.
        var isPoisoned = false
        /// What the start needs, in thousandths and bytes; nil: what its game has, else the default.
        var cpu: Int64?
        var memory: Int64?
        /// Whether these are the limits of the image.
        var hasLimits = false
        /// Whether the last claim has reserved, and the reservation of the game before.
        var reserves = false
        var heldBefore: Demand?
    }

    enum Lane: Equatable {
        case ready(String)
        case active
        case delayed
    }

    struct Result: Equatable {
        var id: JobID
        var outcome: JobOutcome
        var code: String?
        var run: Int
    }

    struct Letter: Equatable {
        var message: Message
        var queue: String
        var run: Int
        /// Whether its id belongs to another job.
        var isReused = false
    }

    /// The fence of a takeover: more than a container without a label, and less than ``newest``.
    var claimFence: Int64 = 1
    /// The fence of a container that is newer than all claims.
    static let newest: Int64 = 9_000_000_000_000_000

    /// Whether the higher fence owns a game that two nodes announce; false: a rule that is broken on purpose.
    var comparesFences = true
    /// Whether a start waits for capacity; false: a rule that is broken on purpose.
    var countsCapacity = true

    let mostLive: Int
    let mostForStarts: Int
    let crashLimit = 3

    /// The messages of a queue and its inbox, the oldest first.
    var queues: [String: [Message]] = [:]
    /// The number of the oldest messages of a queue that lie in its inbox.
    var inbox: [String: Int] = [:]
    var paused: Set<String> = []
    var jobs: [JobID: LiveJob] = [:]
    /// What the jobs asked for that have ended, by id.
    var ended: [JobID: Message] = [:]
    var lanes: [GameID: [JobID]] = [:]
    var states: [GameID: Lane] = [:]
    /// Games by list, in the order of their places.
    var ready: [String: [(place: Int, game: GameID)]] = [:]
    private var arrivals = 0
    var superseded: [GameID: Int] = [:]
    var owners: [GameID: NodeID] = [:]
    /// The fences of games; ``claimFence`` instead of the number of a claim.
    var fences: [GameID: Int64] = [:]
    /// Nodes that have to announce their games again, because another node has a newer container.
    var deposed: Set<NodeID> = []
    /// The reservations of games on nodes, and what nodes have.
    var reserved: [NodeID: [GameID: Demand]] = [:]
    var capacities: [NodeID: NodeCapacity] = [:]
    let defaultDemand: Demand
    /// Nodes with a reservation that has ended, for those who wake their workers.
    var freed: Set<NodeID> = []
    var untold: Set<NodeID> = []
    /// Lost nodes, and the games that a node has to stop before it takes jobs.
    var lostNodes: Set<NodeID> = []
    var disowned: [NodeID: Set<GameID>] = [:]
    var seq = 0
    var results: [Result] = []
    var letters: [Letter] = []
    /// Jobs whose records are gone.
    var lost: Set<JobID> = []
    /// Lost jobs whose turn came.
    var ghosts = 0

    init(_ options: JobQueueOptions) {
        mostLive = options.mostLive
        mostForStarts = options.mostLiveForStarts
        defaultDemand = options.defaultDemand
    }

    /// Jobs in the window. A lane counts for 100 at most; a lost job counts until its turn comes.
    var live: Int { lanes.values.reduce(0) { $0 + min($1.count, 100) } }

    // MARK: Lanes

    func isPointless(_ job: LiveJob) -> Bool {
        job.message.startsGame && (job.isPoisoned || job.seq < superseded[job.message.game] ?? 0)
    }

    /// Why the job is only undone; nil: it is run.
    func undo(_ id: JobID) -> ClaimedJob.Undo? {
        guard let job = jobs[id], isPointless(job) else { return nil }
        return job.isPoisoned ? .poisoned : .superseded
    }

    mutating func settle(_ game: GameID) {
        while let head = lanes[game]?.first, lost.contains(head) { forgetHead(game) }
        guard let head = lanes[game]?.first.flatMap({ jobs[$0] }) else {
            lanes[game] = nil
            states[game] = nil
            superseded[game] = nil
            return
        }
        var list = (head.message.startsGame && !isPointless(head) ? "start:" : "stop:") + head.queue
        if !isPointless(head) || head.isDirty, let owner = owners[game], !lostNodes.contains(owner) {
            list += ":\(owner)"
        }
        states[game] = .ready(list)
        arrivals += 1
        // A start joins the end of its list.
        ready[list, default: []].append((list.hasPrefix("start") ? arrivals : head.seq, game))
        ready[list]?.sort { $0.place < $1.place }
    }

    mutating func forgetHead(_ game: GameID) {
        lanes[game]?.removeFirst()
        ghosts += 1
    }

    /// The record of a job that does not run goes.
    mutating func lose(_ id: JobID) {
        if jobs.removeValue(forKey: id) != nil { lost.insert(id) }
    }

    mutating func unready(_ game: GameID) {
        guard case .ready(let list) = states[game] else { return }
        ready[list]?.removeAll { $0.game == game }
    }

    mutating func place(_ message: Message, queue: String, run: Int = 1) {
        seq += 1
        jobs[message.id] = LiveJob(message: message, queue: queue, seq: seq, run: run, memory: message.memory)
        lanes[message.game, default: []].append(message.id)
        if lanes[message.game]?.count == 1 {
            settle(message.game)
        } else if message.supersedes, !message.isExpired || run > 1 {
            supersede(message)
        }
    }

    mutating func supersede(_ message: Message) {
        superseded[message.game] = seq
        guard let head = lanes[message.game]?.first, jobs[head]?.message.startsGame == true else { return }
        switch states[message.game] {
        case .active: if message.cancels, jobs[head]?.worker != nil { jobs[head]?.isCancelled = true }
        case .ready, .delayed, nil:
            unready(message.game)
            settle(message.game)
        }
    }

    /// The one end of a live job, which is the head of its lane.
    mutating func end(_ id: JobID, _ outcome: JobOutcome, _ code: String? = nil) {
        guard let job = jobs.removeValue(forKey: id) else { return }
        lanes[job.message.game]?.removeFirst()
        ended[id] = job.message
        results.append(Result(id: id, outcome: outcome, code: code, run: job.run))
        let refusals = ["name_conflict", "container_running", "stale_container", "container_not_found"]
        if outcome == .failed, !refusals.contains(code ?? "") {
            letters.append(Letter(message: job.message, queue: job.queue, run: job.run))
        }
    }
}

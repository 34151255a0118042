import JobContract

/// How a deployment fares at one moment, read piece by piece: what moves meanwhile may be told twice or not at all.
public struct FleetOverview: Sendable, Equatable {
    /// Redis' time in ms since 1970, as are all times below.
    public var now: Int64 = 0
    public var queues: [QueueOverview] = []
    /// The nodes that were seen last first, at most as many as were asked for.
    public var nodes: [NodeOverview] = []
    /// All nodes that Redis knows.
    public var nodeCount = 0
    /// Jobs that run, the longest first, at most as many as were asked for.
    public var running: [RunningJob] = []
    public var runningCount = 0
    /// Jobs that wait for their next attempt.
    public var retryingCount = 0
    /// Jobs in the window: admitted and not ended. Of one game, 100 count at most.
    public var liveCount = 0
    /// Whether the window admits no start until other jobs end.
    public var isWindowFull = false
    /// Games that have such jobs.
    public var laneCount = 0
    /// Games that some node owns.
    public var ownedCount = 0
    public var deadCount = 0
    /// Jobs whose data was gone when their turn came.
    public var ghosts = 0
    /// Keys of another type than they must have.
    public var keyProblems: [KeyProblem] = []
    /// Bytes of the dead letters that are kept.
    public var deadBytes = 0
    /// Dead letters that were forgotten because there were too many, or too many bytes of them.
    public var deadTrimmed = 0
    /// Dead letters that could not be kept, because `{ns}:dead` was no stream.
    public var deadLost = 0
    /// How often Redis' clock was set back by more than the scripts can hold.
    public var clockSteps = 0
    /// How long a job stays leased without a beat, in ms. Nodes give signs that often.
    public var lease: Int64 = 10_000
    /// Whether queues that nobody serves may be missing, because there are too many keys to look through.
    public var mayLackQueues = false

    public init() {}
}

/// One queue.
public struct QueueOverview: Sendable, Equatable {
    public var name: String
    /// Messages that nobody has taken in.
    public var waiting = 0
    /// Messages that were set aside because no node has room for a start.
    public var aside = 0
    /// Games whose next job could begin: starts and restarts.
    public var readyStarts = 0
    /// The same for stops and removes.
    public var readyStops = 0
    public var isPaused = false
    /// When the oldest job was pushed, as its producer says; nil where none says so.
    public var oldest: Int64?

    public init(name: String) { self.name = name }
}

/// One node.
public struct NodeOverview: Sendable, Equatable {
    public var id: String
    /// The last sign of a worker of it whose Engine answers.
    public var seen: Int64
    /// Workers that live.
    public var workers = 0
    /// Games that hold a place on it.
    public var games = 0
    /// Games whose next job waits for this node.
    public var ready = 0
    /// The worker that listens to its Engine; nil: none does.
    public var leader: String?
    public var epoch: Int64?
    public var isDraining = false
    /// Whether it has told what it owns.
    public var hasTold = false

    public init(id: String, seen: Int64) {
        self.id = id
        self.seen = seen
    }
}

/// One job that a worker runs.
public struct RunningJob: Sendable, Equatable {
    public var id: String
    public var kind = ""
    public var gameID = ""
    public var worker = ""
    public var node = ""
    /// Begin of this attempt.
    public var taken: Int64 = 0
    public var attempt = 1
    /// What it is at, as the worker has it written; nil: nothing is told.
    public var progress: String?

    public init(id: String) { self.id = id }
}

/// One container whose story goes on, as Redis keeps it.
public struct KeptStory: Sendable, Equatable {
    public var node: String
    public var containerID: String
    /// What was published of it last.
    public var mark: String

    public init(node: String, containerID: String, mark: String) {
        self.node = node
        self.containerID = containerID
        self.mark = mark
    }
}

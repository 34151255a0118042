import JobQueue
import JobContract

/// How a deployment fares at one moment, read piece by piece: what moves meanwhile may be told twice or not at all.
package struct FleetOverview: Sendable, Equatable {
    /// Redis' time in ms since 1970, as are all times below.
    package var now: Int64 = 0
    package var queues: [QueueOverview] = []
    /// The nodes that were seen last first, at most as many as were asked for.
    package var nodes: [NodeOverview] = []
    /// All nodes that Redis knows.
    package var nodeCount = 0
    /// Jobs that run, the longest first, at most as many as were asked for.
    package var running: [RunningJob] = []
    package var runningCount = 0
    /// Jobs that wait for their next attempt.
    package var retryingCount = 0
    /// Jobs in the window: admitted and not ended. Of one game, 100 count at most.
    package var liveCount = 0
    /// Whether the window admits no start until other jobs end.
    package var isWindowFull = false
    /// Games that have such jobs.
    package var laneCount = 0
    /// Games that some node owns.
    package var ownedCount = 0
    package var deadCount = 0
    /// Jobs whose data was gone when their turn came.
    package var ghosts = 0
    /// Keys of another type than they must have.
    package var keyProblems: [KeyProblem] = []
    /// Bytes of the dead letters that are kept.
    package var deadBytes = 0
    /// Dead letters that were forgotten because there were too many, or too many bytes of them.
    package var deadTrimmed = 0
    /// Dead letters that could not be kept, because `{ns}:dead` was no stream.
    package var deadLost = 0
    /// How often Redis' clock was set back by more than the scripts can hold.
    package var clockSteps = 0
    /// How long a job stays leased without a beat, in ms. Nodes give signs that often.
    package var lease: Int64 = 10_000
    /// Whether queues that nobody serves may be missing, because there are too many keys to look through.
    package var mayLackQueues = false

    package init() {}
}

/// One queue.
package struct QueueOverview: Sendable, Equatable {
    package var name: String
    /// Messages that nobody has taken in.
    package var waiting = 0
    /// Messages that were set aside because no node has room for a start.
    package var aside = 0
    /// Games whose next job could begin: starts and restarts.
    package var readyStarts = 0
    /// The same for stops and removes.
    package var readyStops = 0
    package var isPaused = false
    /// When the oldest job was pushed, as its producer says; nil where none says so.
    package var oldest: Int64?

    package init(name: String) { self.name = name }
}

/// One node.
package struct NodeOverview: Sendable, Equatable {
    package var id: String
    /// The last sign of a worker of it whose Engine answers.
    package var seen: Int64
    /// Workers that live.
    package var workers = 0
    /// Games that hold a place on it.
    package var games = 0
    /// Games whose next job waits for this node.
    package var ready = 0
    /// The worker that listens to its Engine; nil: none does.
    package var leader: String?
    package var epoch: Int64?
    package var isDraining = false
    /// Whether it has told what it owns.
    package var hasTold = false

    package init(id: String, seen: Int64) {
        self.id = id
        self.seen = seen
    }
}

/// One job that a worker runs.
package struct RunningJob: Sendable, Equatable {
    package var id: String
    package var kind = ""
    package var gameID = ""
    package var worker = ""
    package var node = ""
    /// Begin of this attempt.
    package var taken: Int64 = 0
    package var attempt = 1
    /// What it is at, as the worker has it written; nil: nothing is told.
    package var progress: String?

    package init(id: String) { self.id = id }
}

/// One container whose story goes on, as Redis keeps it.
package struct KeptStory: Sendable, Equatable {
    package var node: String
    package var containerID: String
    /// What was published of it last.
    package var mark: String

    package init(node: String, containerID: String, mark: String) {
        self.node = node
        self.containerID = containerID
        self.mark = mark
    }
}

import JobContract
import JobQueue
import Primitives

/// The state of a deployment at about one moment.
///
/// Several commands read the parts one after another. A change between two commands may appear twice or not at all.
package struct FleetOverview: Sendable, Equatable {
    /// The time of Redis in ms since 1970. All times below have the same unit and clock.
    package var now: Int64 = 0
    package var queues: [QueueOverview] = []
    /// The nodes up to the requested number: lost nodes first, then the nodes with the longest silence.
    package var nodes: [NodeOverview] = []
    /// The number of all nodes known to Redis.
    package var nodeCount = 0
    /// The number of all lost nodes.
    package var lostCount = 0
    /// The number of all nodes without a sign of life for two leases that are not lost.
    package var silentCount = 0
    /// The number of all drained nodes.
    package var drainingCount = 0
    /// The running jobs, longest-running first, up to the requested number.
    package var running: [RunningJob] = []
    package var runningCount = 0
    /// The number of jobs delayed until their next attempt.
    package var retryingCount = 0
    /// The number of jobs in the window: admitted and not ended. A game counts for at most 100 jobs.
    package var liveCount = 0
    /// Whether the window admits no start until other jobs end.
    package var isWindowFull = false
    /// The number of games with a live job.
    package var laneCount = 0
    /// The number of games with an owner.
    package var ownedCount = 0
    package var deadCount = 0
    /// The number of lost records: jobs without their hash when their turn came.
    package var ghosts = 0
    /// The keys of a wrong type.
    package var keyProblems: [KeyProblem] = []
    /// The size of the kept dead letters in bytes.
    package var deadBytes = 0
    /// The number of dead letters deleted to keep within the limits for entries and bytes.
    package var deadTrimmed = 0
    /// The number of dead letters lost because `{ns}:dead` was no stream.
    package var deadLost = 0
    /// The number of times that the clock of Redis went back further than the scripts can hide.
    package var clockSteps = 0
    /// The length of a lease in ms. A living node reports to Redis at least about this often.
    package var lease: Int64 = 10_000
    /// The bounds of the streams; nil if no worker has registered yet.
    package var retention: StreamRetention?
    /// Whether two workers read two queues in different orders.
    package var queueOrderDiffers = false
    /// The form of the data; nil if no worker has registered yet.
    package var form: String?
    /// Whether unserved queues may be missing, because the search for their keys stopped at its limit.
    package var mayLackQueues = false

    package init() {}
}

/// The figures of a queue.
package struct QueueOverview: Sendable, Equatable {
    package var name: String
    /// The number of messages that no worker has taken in yet, in the inbox and in the queue.
    package var waiting = 0
    /// The number of games with a start or restart ready to begin.
    package var readyStarts = 0
    /// The number of games with a stop or remove ready to begin.
    package var readyStops = 0
    package var isPaused = false
    /// The number of living workers that take messages of the queue.
    package var workers = 0
    /// The push time of the oldest job, as written by its producer; nil if no job has a push time.
    package var oldest: Int64?

    /// Whether messages or jobs of the queue wait.
    package var hasWork: Bool { waiting + readyStarts + readyStops > 0 }

    package init(name: String) { self.name = name }
}

/// The figures of a node.
package struct NodeOverview: Sendable, Equatable {
    package var id: NodeID
    /// The last time at which a worker of the node reported an answering Docker Engine.
    package var seen: Int64
    /// The number of living workers.
    package var workers = 0
    /// The number of games with a reservation on the node.
    package var games = 0
    /// The number of games with a job ready for this node only.
    package var ready = 0
    /// The worker that leads the node; nil if the node has no leader.
    package var leader: String?
    package var epoch: Int64?
    package var isDraining = false
    /// Whether a worker of the node has announced the node's games.
    package var hasReported = false
    /// The time of the node's loss, in ms since 1970; nil if the node is not lost.
    package var lostAt: Int64?
    /// The number of games that the node has to stop before it takes jobs.
    package var disowned = 0
    /// The smallest capacity of the node's workers.
    package var capacity = NodeCapacity()
    /// The sum of all reservations.
    package var used = Demand(cpu: 0, memory: 0)
    /// The number of reserved ports.
    package var usedPorts = 0
    /// Whether the workers of the node have different capacities.
    package var capacityDiffers = false
    /// The hostname of the machine; nil if unknown.
    package var host: String?
    /// The versions of the living workers, sorted.
    package var versions: [String] = []
    /// The queues that living workers serve.
    package var queues: Set<String> = []

    package init(id: NodeID, seen: Int64) {
        self.id = id
        self.seen = seen
    }
}

/// A running job.
package struct RunningJob: Sendable, Equatable {
    package var id: JobID
    package var kind = ""
    package var gameID: GameID = ""
    package var worker = ""
    package var node: NodeID = ""
    /// The begin of this attempt.
    package var taken: Int64 = 0
    package var attempt = 1
    /// The encoded progress, as the worker wrote it; nil if there is none.
    package var progress: String?

    package init(id: JobID) { self.id = id }
}

/// The checkpoint in Redis of a container whose lifecycle has not ended.
package struct ContainerCheckpoint: Sendable, Equatable {
    package var node: NodeID
    package var containerID: ContainerID
    /// The container's last published state.
    package var encoded: String

    package init(node: NodeID, containerID: ContainerID, encoded: String) {
        self.node = node
        self.containerID = containerID
        self.encoded = encoded
    }
}

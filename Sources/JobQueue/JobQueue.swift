import JobContract
import Redis

/// The identity of a worker. A new process is a new worker.
package struct WorkerIdentity: Sendable, Hashable {
    /// The unique name of the process.
    package let id: String
    /// The id of the worker's node.
    package let node: NodeID
    /// A part of the worker's tokens. Tokens of different workers never match.
    package let nonce: String
    /// The machine of the node; nil: nobody compares machines.
    package let machine: MachineFingerprint?

    package init(id: String, node: NodeID, nonce: String, machine: MachineFingerprint? = nil) {
        self.id = id
        self.node = node
        self.nonce = nonce
        self.machine = machine
    }
}

/// The settings of the delivery protocol.
package struct JobQueueOptions: Sendable, Equatable {
    /// The queues, in strict order of priority.
    package var queues: [String]
    /// The duration of a job's lease without a renewal.
    package var lease: Duration
    /// The time for which results and ids are kept.
    package var retention: Duration
    /// The greatest number of kept results, ids and events.
    package var retentionEntries: Int
    /// The greatest size of all kept dead letters, in bytes. The oldest letters are deleted first.
    package var deadBytes: Int
    /// The time for which a silent node still counts as a possible owner of games.
    package var nodeGrace: Duration
    /// The size of the window: the greatest number of admitted jobs that have not ended.
    ///
    /// More messages wait in their queues. A game counts for at most 100 jobs.
    package var mostLive: Int
    /// The part of the window that only stops and removes may use.
    package var keptForStops: Int
    /// The number of worker deaths after which a job is given up as poisoned.
    package var crashLimit: Int
    /// The greatest age of a signed job at intake, by its `enqueued_at`; nil: no limit.
    package var mostAge: Duration?
    /// The capacity of the worker's node.
    package var capacity: NodeCapacity
    /// What a start without limits needs, until its image is known.
    package var defaultDemand: Demand
    package var placement: Placement
    /// The version of the program, for operators.
    package var version: String
    /// Further facts about the worker, for operators.
    package var description = WorkerDescription()

    package init(
        queues: [String] = ["default"],
        lease: Duration = .seconds(10),
        retention: Duration = .seconds(604_800),
        retentionEntries: Int = 1_000_000,
        deadBytes: Int = 16 << 20,
        nodeGrace: Duration = .seconds(300),
        mostLive: Int = 100_000,
        keptForStops: Int = 10_000,
        crashLimit: Int = 3,
        mostAge: Duration? = nil,
        capacity: NodeCapacity = NodeCapacity(),
        defaultDemand: Demand = Demand(cpu: 1000, memory: 512 << 20),
        placement: Placement = .spread,
        version: String = ""
    ) {
        self.queues = queues
        self.lease = lease
        self.retention = retention
        self.retentionEntries = retentionEntries
        self.deadBytes = deadBytes
        self.nodeGrace = nodeGrace
        self.mostLive = mostLive
        self.keptForStops = keptForStops
        self.crashLimit = crashLimit
        self.mostAge = mostAge
        self.capacity = capacity
        self.defaultDemand = defaultDemand
        self.placement = placement
        self.version = version
    }

    /// The size of the window for starts and restarts.
    package var mostLiveForStarts: Int { mostLive - keptForStops }
    /// The last part of a lease, not trusted by its worker because of network and scheduling delays.
    package var leaseMargin: Duration { lease / 5 }

    /// The time without a renewal after which the liveness key expires, and Redis or all workers count as away.
    ///
    /// Workers renew a lease after each third of its duration. So a lease has at least two thirds left when the
    /// renewals stop. The part left when the key expires is the time for a worker's return.
    package var silence: Duration { max(lease * 0.4, .milliseconds(1_200)) }
    /// The time between two renewals of the liveness key by a worker.
    package var signInterval: Duration { min(silence * 5 / 8, .milliseconds(2_500)) }
    /// The time for which a silent worker counts as living.
    var aliveTime: Duration { lease * 2 }
}

/// The delivery protocol: a typed call for each function in Redis. docs/design/protocol.md describes how the functions
/// work together.
///
/// Every call throws ``QueueError``. A call may be repeated after its reply was lost. A repeated intake finds other
/// bytes at the tail of the queue. A repeated end returns `again`. A claim with a lost reply ends with its lease.
package struct JobQueue: Sendable {
    package let keys: Keyspace
    package let worker: WorkerIdentity
    package let options: JobQueueOptions
    let redis: RedisClient

    package init(redis: RedisClient, keys: Keyspace, worker: WorkerIdentity, options: JobQueueOptions) {
        self.redis = redis
        self.keys = keys
        self.worker = worker
        self.options = options
    }

    /// The Redis client of all calls.
    package var client: RedisClient { redis }
}

/// The error of a failed call.
package struct QueueError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name of the function or command.
    package var call: String
    /// A sentence for a person.
    package var message: String
    /// The underlying error of Redis or of the connection; nil if Redis sent an unknown reply.
    package var redis: RedisError?

    package init(_ function: QueueFunction, _ error: RedisError) {
        self.init(call: function.rawValue, error)
    }

    package init(call: String, _ error: RedisError) {
        self.call = call
        message = "\(error)"
        redis = error
    }

    init(call: String, message: String) {
        self.call = call
        self.message = message
    }

    /// Whether Redis refused the call because its memory is full.
    package var isOutOfMemory: Bool {
        if case .server(let error)? = redis { return error.code == "OOM" }
        return false
    }

    /// Whether Redis answered and refused only this call. Other calls may succeed.
    package var isRefusal: Bool { redis?.isOfThisCommand ?? false }

    /// Whether a key has a wrong type. Functions pass the error of their command on.
    package var isWrongType: Bool {
        if case .server(let error)? = redis { return error.code == "WRONGTYPE" || error.message.contains("WRONGTYPE") }
        return false
    }

    /// Whether the data of the namespace has the form of another version. Redis refuses every call with changes then.
    package var isOfOtherForm: Bool {
        if case .server(let error)? = redis { return error.code == "FORM" }
        return false
    }

    package var description: String { "\(call): \(message)" }
}

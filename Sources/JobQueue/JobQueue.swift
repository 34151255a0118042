import JobContract
import Redis

/// Who a worker is. One value per process: a replacement is another worker.
package struct WorkerIdentity: Sendable, Hashable {
    /// Unique name of the process.
    package let id: String
    /// Id of the Engine that it serves.
    package let node: String
    /// Part of every token that it is given, so that two workers never have the same.
    package let nonce: String

    package init(id: String, node: String, nonce: String) {
        self.id = id
        self.node = node
        self.nonce = nonce
    }
}

/// What the delivery protocol can be told.
package struct JobQueueOptions: Sendable, Equatable {
    /// Queues in strict order of priority.
    package var queues: [String]
    /// How long a job stays leased without a beat.
    package var lease: Duration
    /// How long results and ids are kept.
    package var retention: Duration
    /// How many results, ids and events are kept at most.
    package var retentionEntries: Int
    /// Bytes of dead letters that are kept at most; the oldest go.
    package var deadBytes: Int
    /// How long a node without a sign of life still counts as one that may own games.
    package var nodeGrace: Duration
    /// Jobs in the window at most: admitted and not ended. The rest stays in the queues. Of one game, 100 count at most.
    package var mostLive: Int
    /// Part of the window that starts and restarts leave to stops and removes.
    package var keptForStops: Int
    /// Crashes of its worker after which a job is given up.
    package var crashLimit: Int
    /// How old a job may be when it is taken in, by its `enqueued_at`; nil: as old as it likes. For signed jobs.
    package var mostAge: Duration?

    package init(
        queues: [String] = ["default"],
        lease: Duration = .seconds(10),
        retention: Duration = .seconds(604_800),
        retentionEntries: Int = 1_000_000,
        deadBytes: Int = 16 << 20,
        nodeGrace: Duration = .seconds(300),
        mostLive: Int = 60_000,
        keptForStops: Int = 10_000,
        crashLimit: Int = 3,
        mostAge: Duration? = nil
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
    }

    /// Jobs in the window with which no start is admitted.
    package var mostLiveForStarts: Int { mostLive - keptForStops }
    /// Part of a lease that a worker does not trust, for the way to Redis and for scheduling.
    package var leaseMargin: Duration { lease / 5 }

    /// How long without a sign of life Redis or all workers count as having been away. A lease that is kept has two
    /// thirds left then; the difference is for its worker's way back.
    package var silence: Duration { max(lease * 0.4, .milliseconds(1_200)) }
    /// From one sign of life of a worker to the next.
    package var signInterval: Duration { min(silence * 5 / 8, .milliseconds(2_500)) }
    /// How long a worker that says nothing counts as alive.
    var aliveTime: Duration { lease * 2 }
}

/// The delivery protocol: one typed call per script. docs/design/protocol.md says how they work together.
///
/// Every call throws ``QueueError``. A call whose answer was lost may be made again: intake finds other
/// bytes at the tail, ends answer `again`, and a claim that nobody knows of runs out with its lease.
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

    /// The connection that the calls go over.
    package var client: RedisClient { redis }

    package func call(
        _ script: RedisScript,
        keys more: [String] = [],
        _ arguments: [RedisArgument]
    ) async throws(QueueError) -> RedisValue {
        do throws(RedisError) {
            return try await redis.evaluate(script, keys: [keys.meta] + more, arguments: arguments)
        } catch {
            throw QueueError(script: script.name, error)
        }
    }

    package func unexpected(_ script: RedisScript, _ value: RedisValue) -> QueueError {
        QueueError(call: script.name, message: "Redis answered \(value), which this version does not understand")
    }
}

/// What a call of the protocol failed with.
package struct QueueError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The script or command.
    package var call: String
    /// A sentence for a person.
    package var message: String
    /// What Redis' room said, where it was that.
    package var redis: RedisError?

    init(script: String, _ error: RedisError) {
        call = script
        message = "\(error)"
        redis = error
    }

    init(call: String, message: String) {
        self.call = call
        self.message = message
    }

    /// Whether Redis refuses because its memory is full.
    package var isOutOfMemory: Bool {
        if case .server(let error)? = redis { return error.code == "OOM" }
        return false
    }

    /// Whether Redis has answered, and refuses this call: other calls may well succeed.
    package var isRefusal: Bool { redis?.isOfThisCommand ?? false }

    package var description: String { "\(call): \(message)" }
}

extension Duration {
    /// Whole milliseconds, cut.
    var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}

import JobContract
import JobQueue
import Primitives
import Redis

/// The facts about a job in Redis.
package struct JobDetail: Sendable, Equatable {
    package var id: JobID
    /// The fields of the job's hash, each fact under its own name. Names of internal facts begin with `_`.
    package var fields: [String: String]
    /// The number of live jobs before this job in the lane; nil if the job is in no lane or behind more than 10,000
    /// jobs.
    package var before: Int?
    /// The id of the job at the head of the game's lane.
    package var head: JobID?
    /// The ready list with the game's lane: `ready:CLASS:QUEUE[:NODE]`; nil if the lane is on no list.
    package var list: String?
    /// The node of the game, if the lane is on a list of this node.
    package var owner: NodeOverview?
    /// The length of a lease in ms.
    package var lease: Int64 = 10_000
    /// Whether the job's queue is paused.
    package var isQueuePaused = false
    /// Whether a living worker serves the job's queue.
    package var isQueueServed = true
    /// What a start that could begin needs; nil for other jobs.
    package var demand: Demand?
    /// The reservation of the game on its node; nil if there is none.
    package var held: Demand?
    /// Nodes that may run a start of a game without an owner, at most 200.
    package var nodes: [NodeOverview] = []
    /// Whether some nodes were not read for ``nodes``.
    package var lacksNodes = false
    /// The time of the next attempt, in ms since 1970.
    package var due: Int64?
    /// The end of the job's lease, in ms since 1970.
    package var leaseUntil: Int64?
    /// The time of Redis, in ms since 1970.
    package var now: Int64
    /// The producer's bytes; nil if the job has ended, or if this Redis user may not read the bytes.
    package var message: [UInt8]?

    package init(id: JobID, fields: [String: String], now: Int64) {
        self.id = id
        self.fields = fields
        self.now = now
    }

    package var state: JobState? { fields["state"].flatMap(JobState.init(rawValue:)) }
    package var gameID: GameID { GameID(fields["game_id"] ?? "") }
    /// The progress of a running job.
    package var progress: JobProgress? {
        state == .running ? fields[JobProgress.field].flatMap(JobProgress.init(encoded:)) : nil
    }
}

extension JobQueue {
    /// Returns the facts about a job; nil if no worker has taken the job in, or if Redis has forgotten the job.
    package func sight(of id: JobID) async throws(QueueError) -> JobDetail? {
        let name = RedisArgument.string(id.text)
        let answers = try await pipeline([
            RedisCommand("HGETALL", .string(keys.job(id))),
            RedisCommand("ZSCORE", .string(keys.prefix + "delayed"), name),
            RedisCommand("ZSCORE", .string(keys.prefix + "leases"), name),
            RedisCommand("GET", .string(keys.message(id))),
        ])
        let fields = JobResult(pairs: (answers[0].array ?? []).map { $0.string ?? "" }).fields
        guard !fields.isEmpty else { return nil }
        var sight = JobDetail(id: id, fields: JobRecord.named(fields), now: try await redisTime())
        sight.message = answers[3].bytes
        sight.due = answers[1].string.flatMap { Double($0) }.map { Int64($0) }
        sight.leaseUntil = answers[2].string.flatMap { Double($0) }.map { Int64($0) }
        // An ended job is in no lane, even if its game has a lane for later jobs.
        guard fields[JobRecord.live] != nil, !sight.gameID.isEmpty else { return sight }
        let lane = RedisArgument.string(keys.lane(sight.gameID))
        let places = try await pipeline([
            RedisCommand("LPOS", lane, name, "MAXLEN", 10_000),
            RedisCommand("HGET", .string(keys.prefix + "lanes"), .string(sight.gameID.text)),
        ])
        let record = places[1].string.flatMap(LaneRecord.init)
        sight.head = record?.head
        sight.list = record?.list
        // The record names the head; the list holds the jobs behind the head.
        sight.before = sight.head == id ? 0 : places[0].integer.map { Int($0) + 1 }
        guard sight.state == .waiting else { return sight }
        var facts = WaitFacts()
        try await readReasons(&sight, &facts)
        return sight
    }

    /// Returns the figures of a queue that explain why its messages wait, and whether the window admits no start.
    package func state(of name: String) async throws(QueueError) -> (queue: QueueOverview, isWindowFull: Bool) {
        var queue = QueueOverview(name: name)
        let depth = try await depth(of: name)
        (queue.waiting, queue.isPaused) = (depth.waiting, depth.isPaused)
        queue.workers = try await workersByQueue()[name] ?? 0
        let window = try await lenient(RedisCommand("HGET", .string(keys.meta), "window")).string
        return (queue, (window.flatMap { Int($0) } ?? 0) >= options.mostLiveForStarts)
    }

    /// Returns a message with the facts about its wait.
    package func explained(_ found: QueuedMessage, _ decoder: JobDecoder) async throws(QueueError) -> QueuedMessage {
        var message = found
        let (state, isWindowFull) = try await state(of: found.queue)
        message.state = state
        // Only starts wait for the window.
        if case .job(let job) = decoder.decode(found.message) {
            message.isWindowFull = isWindowFull && job.kind.startsGame
        }
        return message
    }

    /// Returns the sorted names of the queues that workers serve or have served.
    package func knownQueues() async throws(QueueError) -> [String] {
        (try await command(RedisCommand("SMEMBERS", .string(keys.queues))).array ?? []).compactMap(\.string).sorted()
    }
}

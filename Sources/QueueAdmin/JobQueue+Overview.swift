import JobContract
import JobQueue
import Primitives
import Redis

extension JobQueue {
    /// The greatest number of commands in a pipeline.
    private static let pipelineLimit = 1_000
    private static let mostRunningSorted = 1_000

    /// Returns the state of the deployment, with at most `limit` nodes and `limit` running jobs.
    ///
    /// - Parameter pushedAt: Returns the push time written in a message; nil if the message has none.
    package func overview(
        limit: Int,
        pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> FleetOverview {
        var overview = FleetOverview()
        overview.now = try await redisTime()
        try await readCounts(&overview)
        try await readQueues(&overview, pushedAt)
        let names = overview.queues.map(\.name)
        overview.keyProblems = try await keyProblems(ofQueues: names)
        try await readNodes(&overview, limit, queues: names)
        try await readRunning(&overview, limit)
        return overview
    }

    /// Returns an overview with the queues and the sums of jobs only.
    ///
    /// - Parameter pushedAt: Returns the push time written in a message; nil if the message has none.
    package func queueOverviews(
        pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> FleetOverview {
        var overview = FleetOverview()
        overview.now = try await redisTime()
        try await readCounts(&overview)
        try await readQueues(&overview, pushedAt)
        return overview
    }

    private func readQueues(
        _ overview: inout FleetOverview,
        _ pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) {
        let lists = try await queuesOfWorkers()
        let order = QueueOrder(lists)
        overview.queueOrderDiffers = order.differs
        for name in order.sorted(try await queueNames(&overview), by: \.self) {
            var queue = try await queueOverview(name, pushedAt)
            queue.workers = lists.count { $0.contains(name) }
            overview.queues.append(queue)
        }
    }

    /// Returns the containers of these nodes whose lifecycle has not ended, about `limit` at most.
    package func containerCheckpoints(of nodes: [NodeID], limit: Int) async throws(QueueError) -> [ContainerCheckpoint]
    {
        var found: [ContainerCheckpoint] = []
        for node in nodes {
            var cursor = "0"
            repeat {
                guard found.count < limit else { return found }
                let answer = try await command(
                    RedisCommand("HSCAN", .string(keys.checkpoints(node)), .string(cursor), "COUNT", 500)
                )
                cursor = answer.array?.first?.string ?? "0"
                let pairs = (answer.array?.last?.array ?? []).map { $0.string ?? "" }
                for index in stride(from: 0, to: pairs.count - 1, by: 2) {
                    found.append(.init(node: node, containerID: ContainerID(pairs[index]), encoded: pairs[index + 1]))
                }
            } while cursor != "0"
        }
        return found
    }

    private func readCounts(_ overview: inout FleetOverview) async throws(QueueError) {
        let meta = [
            "window", "settings", "lost_records", "clock_steps", "dead_lost", "dead_bytes", "dead_trimmed", "form",
        ].map { RedisArgument.string($0) }
        let answers = try await pipeline([
            RedisCommand("HMGET", arguments: [.string(keys.meta)] + meta),
            RedisCommand("HLEN", .string(keys.prefix + "lanes")), RedisCommand("HLEN", .string(keys.prefix + "owners")),
            RedisCommand("ZCARD", .string(keys.prefix + "leases")),
            RedisCommand("ZCARD", .string(keys.prefix + "delayed")),
            RedisCommand("XLEN", .string(keys.dead)), RedisCommand("ZCARD", .string(keys.prefix + "nodes")),
            RedisCommand("ZCARD", .string(keys.prefix + "lost_nodes")),
        ])
        let fields = (answers[0].array ?? []).map { $0.string ?? "" }
        if fields.count == meta.count {
            overview.liveCount = Int(fields[0]) ?? 0
            overview.isWindowFull = overview.liveCount >= options.mostLiveForStarts
            if let lease = Self.lease(in: fields[1]) { overview.lease = lease }
            overview.retention = StreamRetention(settings: fields[1])
            overview.ghosts = Int(fields[2]) ?? 0
            overview.clockSteps = Int(fields[3]) ?? 0
            overview.deadLost = Int(fields[4]) ?? 0
            overview.deadBytes = Int(fields[5]) ?? 0
            overview.deadTrimmed = Int(fields[6]) ?? 0
            overview.form = fields[7].isEmpty ? nil : fields[7]
        }
        let counts = answers.dropFirst().map { Int($0.integer ?? 0) }
        overview.laneCount = counts[0]
        overview.ownedCount = counts[1]
        overview.runningCount = counts[2]
        overview.retryingCount = counts[3]
        overview.deadCount = counts[4]
        overview.nodeCount = counts[5] + counts[6]
        overview.lostCount = counts[6]
    }

    /// Returns the lease in ms in the shared settings; nil if no worker has registered yet.
    static func lease(in settings: String) -> Int64? {
        number("lease_ms", in: settings)
    }

    static func number(_ name: String, in settings: String) -> Int64? {
        JSONMembers(settings)?.integer(name)
    }

    /// Returns the sorted names of queues that workers serve, that hold messages, or that are paused.
    func queueNames(_ overview: inout FleetOverview) async throws(QueueError) -> [String] {
        let found = try await queuesWithMessages()
        overview.mayLackQueues = !found.isComplete
        return found.names.union(try await members(keys.queues) + members(keys.paused)).sorted()
    }

    /// Returns the sorted names of queues with messages, of the first 200,000 keys, but for `known`.
    package func unservedQueues(besides known: [String]) async throws(QueueError) -> [String] {
        var overview = FleetOverview()
        return try await queueNames(&overview).filter { !known.contains($0) }
    }

    private func queueOverview(
        _ name: String,
        _ pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> QueueOverview {
        let ready = ["start", "stop"].map { RedisArgument.string(keys.ready($0, name)) }
        let lists = keys.messageLists(name)
        let answers = try await pipeline(
            lists.map { RedisCommand("LLEN", .string($0)) }
                + ready.flatMap { [RedisCommand("ZCARD", $0), RedisCommand("ZRANGE", $0, 0, 0)] }
                + [RedisCommand("SISMEMBER", .string(keys.paused), .string(name))]
        )
        var queue = QueueOverview(name: name)
        queue.waiting = Int((answers[0].integer ?? 0) + (answers[1].integer ?? 0))
        queue.readyStarts = Int(answers[2].integer ?? 0)
        queue.readyStops = Int(answers[4].integer ?? 0)
        queue.isPaused = answers[6].integer == 1
        var times: [Timestamp] = []
        for (list, count) in zip(lists, answers) where count.integer ?? 0 > 0 {
            // The message may have any size: the script returns the bytes of small messages only.
            if case .bytes(let oldest)? = try? await page(of: list, skipping: 0, most: 1).first {
                times += [pushedAt(oldest)].compactMap { $0 }
            }
        }
        for game in [answers[3], answers[5]].compactMap({ $0.array?.first?.string }) {
            let lane = try await lenient(RedisCommand("HGET", .string(keys.prefix + "lanes"), .string(game)))
            guard let head = lane.string.flatMap(LaneRecord.init)?.head else { continue }
            let facts = try await lenient(RedisCommand("HGET", .string(keys.job(head)), .string(JobRecord.live)))
            let time = JobRecord.named([JobRecord.live: facts.string ?? ""])["_enqueued_at"]
            if let time = time.flatMap({ Timestamp(rfc3339: $0) }) { times.append(time) }
        }
        queue.oldest = times.min()?.millisecondsSinceEpoch
        return queue
    }

    private func readRunning(_ overview: inout FleetOverview, _ limit: Int) async throws(QueueError) {
        let last = RedisArgument.integer(Int64(Self.mostRunningSorted - 1))
        let ids = (try await lenient(RedisCommand("ZRANGE", .string(keys.prefix + "leases"), 0, last)).array ?? [])
            .compactMap { $0.string.map { JobID($0) } }
        let rows = try await pipeline(
            ids.prefix(Self.pipelineLimit).map {
                RedisCommand(
                    "HMGET",
                    .string(keys.job($0)),
                    .string(JobRecord.live),
                    .string(JobRecord.lease),
                    "_progress"
                )
            }
        )
        let jobs = zip(ids, rows).compactMap { Self.runningJob($0, $1) }
        overview.running = Array(jobs.sorted { $0.taken < $1.taken }.prefix(limit))
    }

    private static func runningJob(_ id: JobID, _ row: RedisValue) -> RunningJob? {
        // A job that ended meanwhile has neither field.
        guard let values = row.array, values.count == 3, let live = values[0].string, let lease = values[1].string
        else { return nil }
        let facts = JobRecord.named([JobRecord.live: live, JobRecord.lease: lease])
        guard let taken = facts["_taken_at"].flatMap({ Timestamp(rfc3339: $0) })?.millisecondsSinceEpoch else {
            return nil
        }
        var job = RunningJob(id: id)
        job.kind = facts["kind"] ?? ""
        job.gameID = GameID(facts["game_id"] ?? "")
        job.worker = facts["_worker"] ?? ""
        job.node = NodeID(facts["_node"] ?? "")
        job.taken = taken
        job.attempt = facts["_attempts"].flatMap { Int($0) } ?? 1
        job.progress = values[2].string
        return job
    }
}

import JobContract
import JobQueue
import Redis

/// What operators see of nodes.
extension JobQueue {
    /// Counts all nodes by state, and reads at most `limit` nodes: lost and silent nodes before all others.
    func readNodes(_ overview: inout FleetOverview, _ limit: Int, queues: [String]) async throws(QueueError) {
        let draining = Set(try await members(keys.draining))
        overview.drainingCount = draining.count
        let silence = RedisArgument.integer(overview.now - 2 * overview.lease)
        let silent = RedisCommand("ZCOUNT", .string(keys.prefix + "nodes"), "-inf", silence)
        overview.silentCount = Int(try await lenient(silent).integer ?? 0)
        var nodes = try await nodes(in: "lost_nodes", limit).map { node in
            var node = node
            node.lostAt = node.seen
            return node
        }
        nodes += try await self.nodes(in: "nodes", limit - nodes.count)
        for var node in nodes {
            node.isDraining = draining.contains(node.id.text)
            try await read(&node, now: overview.now, queues: queues)
            overview.nodes.append(node)
        }
    }

    /// Returns an overview with the time of Redis, the lease, and this node only.
    package func overview(of node: NodeID) async throws(QueueError) -> FleetOverview {
        var overview = FleetOverview()
        overview.now = try await redisTime()
        let id = RedisArgument.string(node.text)
        let answers = try await pipeline([
            RedisCommand("HGET", .string(keys.meta), "settings"), RedisCommand("SISMEMBER", .string(keys.draining), id),
            RedisCommand("ZSCORE", .string(keys.prefix + "nodes"), id),
            RedisCommand("ZSCORE", .string(keys.prefix + "lost_nodes"), id),
        ])
        if let lease = answers[0].string.flatMap(Self.lease) { overview.lease = lease }
        guard let seen = answers[3].string ?? answers[2].string else { return overview }
        var found = NodeOverview(id: node, seen: Self.milliseconds(seen))
        found.lostAt = answers[3].string == nil ? nil : found.seen
        found.isDraining = answers[1].integer == 1
        try await read(&found, now: overview.now, queues: [])
        overview.nodes = [found]
        return overview
    }

    /// Returns the running jobs of a node.
    package func runningJobs(on node: NodeID) async throws(QueueError) -> [JobID] {
        let ids = try await members(of: "leases")
        var found: [JobID] = []
        for start in stride(from: 0, to: ids.count, by: 500) {
            let part = Array(ids[start..<min(start + 500, ids.count)])
            let answers = try await pipeline(
                part.map { RedisCommand("HGET", .string(keys.job(JobID($0))), .string(JobRecord.lease)) }
            )
            for (id, answer) in zip(part, answers) {
                let fields = JobRecord.named([JobRecord.lease: answer.string ?? ""])
                if fields["_node"] == node.text { found.append(JobID(id)) }
            }
        }
        return found
    }

    /// Returns the members of a sorted set.
    func members(of set: String) async throws(QueueError) -> [String] {
        (try await lenient(RedisCommand("ZRANGE", .string(keys.prefix + set), 0, -1)).array ?? []).compactMap(\.string)
    }

    /// Returns the nodes of a sorted set with the earliest times.
    private func nodes(in set: String, _ limit: Int) async throws(QueueError) -> [NodeOverview] {
        guard limit > 0 else { return [] }
        let key = RedisArgument.string(keys.prefix + set)
        let last = RedisArgument.integer(Int64(limit - 1))
        let pairs = (try await lenient(RedisCommand("ZRANGE", key, 0, last, "WITHSCORES")).array ?? [])
            .map { $0.string ?? "" }
        return stride(from: 0, to: pairs.count - 1, by: 2).map {
            NodeOverview(id: NodeID(pairs[$0]), seen: Self.milliseconds(pairs[$0 + 1]))
        }
    }

    private static let nodeFields: [RedisArgument] = [
        "reported_at", "slots", "cpu", "memory", "used_cpu", "used_memory", "differs", "machine", "first_port",
        "last_port",
    ]

    private func read(_ node: inout NodeOverview, now: Int64, queues: [String]) async throws(QueueError) {
        let lists = queues.flatMap { [keys.ready("start", $0), keys.ready("stop", $0)] }.map { "\($0):\(node.id)" }
        let answers = try await pipeline(
            [
                RedisCommand("HLEN", .string(keys.reservations(node.id))),
                RedisCommand("HMGET", .string(keys.leader(node.id)), "holder", "epoch"),
                RedisCommand(
                    "HMGET",
                    arguments: [RedisArgument.string(keys.prefix + "node:" + node.id.text)] + Self.nodeFields
                ),
                RedisCommand("SMEMBERS", .string(keys.prefix + "workers:" + node.id.text)),
                RedisCommand("SCARD", .string(keys.prefix + "disowned:" + node.id.text)),
                RedisCommand("HLEN", .string(keys.prefix + "ports:" + node.id.text)),
            ] + lists.map { RedisCommand("ZCARD", .string($0)) }
        )
        node.games = Int(answers[0].integer ?? 0)
        node.read(answers[2].array ?? [])
        node.disowned = Int(answers[4].integer ?? 0)
        node.usedPorts = Int(answers[5].integer ?? 0)
        node.ready = answers.dropFirst(6).reduce(0) { $0 + Int($1.integer ?? 0) }
        let term = answers[1].array ?? []
        let workers = (answers[3].array ?? []).compactMap(\.string)
        // Commands about a missing leader or worker find nothing. So each node costs one round trip here.
        let epoch = term.count == 2 ? term[1].integer : nil
        let living = try await pipeline([
            RedisCommand("EXISTS", .string(keys.term(node.id, epoch: epoch ?? 0))),
            RedisCommand("ZMSCORE", arguments: ([keys.prefix + "workers"] + workers + [""]).map { .string($0) }),
            RedisCommand("HMGET", arguments: ([keys.prefix + "worker_facts"] + workers + [""]).map { .string($0) }),
        ])
        if living[0].integer == 1 {
            node.leader = term[0].string
            node.epoch = epoch
        }
        let isAlive = (living[1].array ?? []).map { Self.milliseconds($0.string ?? "") > now }
        node.workers = isAlive.count { $0 }
        let facts = zip(isAlive, living[2].array ?? []).compactMap { $0 ? $1.string.flatMap(WorkerFacts.init) : nil }
        node.versions = Set(facts.map(\.version)).sorted()
        node.queues = Set(facts.flatMap(\.queues))
    }
}

extension NodeOverview {
    /// Reads the fields of `{ns}:node:NODE`, in the order of `nodeFields`.
    fileprivate mutating func read(_ fields: [RedisValue]) {
        guard fields.count == 10 else { return }
        func number(_ index: Int) -> Int64 { fields[index].string.flatMap { Int64($0) } ?? 0 }
        hasReported = fields[0].string != nil
        let ports = number(9) > 0 ? Int(number(8))...Int(max(number(8), number(9))) : nil
        capacity = NodeCapacity(slots: Int(number(1)), cpu: number(2), memory: number(3), ports: ports)
        used = Demand(cpu: number(4), memory: number(5))
        capacityDiffers = fields[6].string == "1"
        host = fields[7].string.flatMap(MachineFingerprint.name)
    }
}

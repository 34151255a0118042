import JobContract
import JobQueue
import Redis

/// Facts of a fleet that explain why jobs wait, read once for many jobs.
struct WaitFacts: Sendable, Equatable {
    /// The settings that all workers share, as JSON; nil: not read yet.
    var settings: String?
    var queues: [String: QueueOverview] = [:]
    /// An overview of each node in use.
    var owners: [NodeID: FleetOverview] = [:]
    /// The nodes that may run a game without an owner; nil: not read yet.
    var candidates: FleetOverview?
}

extension JobQueue {
    private static let mostCandidates = 200

    /// Reads the facts that explain why a head waits.
    func readReasons(_ sight: inout JobDetail, _ facts: inout WaitFacts) async throws(QueueError) {
        let queue = try await queue(sight.fields["_queue"] ?? "", &facts)
        (sight.isQueuePaused, sight.isQueueServed) = (queue.isPaused, queue.workers > 0)
        if sight.list?.hasPrefix("ready:start:") == true {
            sight.demand = Self.demand(sight.fields, settings: try await settings(&facts))
        }
        guard let node = sight.list.flatMap(Self.node(inList:)) else {
            if sight.demand != nil { try await readCandidates(&sight, &facts) }
            return
        }
        let overview = try await owner(node, &facts)
        (sight.owner, sight.lease) = (overview.nodes.first, overview.lease)
        let reservations = RedisArgument.string(keys.reservations(node))
        let held = try await lenient(RedisCommand("HGET", reservations, .string(sight.gameID.text))).string
        sight.held = held.flatMap { NodeReservation($0) }?.demand
        if let held = sight.held, sight.demand != nil { sight.demand = Self.needs(sight.fields, held, sight.demand) }
    }

    /// Returns the node of a ready list `ready:CLASS:QUEUE[:NODE]`; nil: any node. A node's id may hold colons.
    static func node(inList list: String) -> NodeID? {
        let parts = list.split(separator: ":", maxSplits: 3)
        return parts.count == 4 ? NodeID(String(parts[3])) : nil
    }

    /// Returns what a start of a game with a reservation needs, as `reservations.needs` does in Redis.
    private static func needs(_ fields: [String: String], _ held: Demand, _ usual: Demand?) -> Demand {
        if fields["kind"] == JobKind.start.rawValue, fields["_has_limits"] == nil { return held }
        return Demand(
            cpu: fields["_cpu"] == nil ? held.cpu : usual?.cpu ?? held.cpu,
            memory: fields["_memory"] == nil ? held.memory : usual?.memory ?? held.memory
        )
    }

    /// Returns what a start needs, as `jobs.demand` does in Redis.
    private static func demand(_ fields: [String: String], settings: String) -> Demand {
        let usual = JobRecord.named([JobRecord.live: settings])
        func number(_ name: String) -> Int64 { (fields[name] ?? usual[name]).flatMap { Int64($0) } ?? 0 }
        return Demand(cpu: number("_cpu"), memory: number("_memory"))
    }

    private func readCandidates(_ sight: inout JobDetail, _ facts: inout WaitFacts) async throws(QueueError) {
        if facts.candidates == nil {
            var overview = FleetOverview()
            overview.now = sight.now
            if let lease = Self.lease(in: try await settings(&facts)) { overview.lease = lease }
            // One node more than the bound tells that there are more.
            try await readNodes(&overview, Self.mostCandidates + 1, queues: [])
            facts.candidates = overview
        }
        guard let overview = facts.candidates else { return }
        sight.lease = overview.lease
        sight.lacksNodes = overview.nodes.count > Self.mostCandidates
        sight.nodes = overview.nodes.prefix(Self.mostCandidates).filter {
            $0.queues.contains(sight.fields["_queue"] ?? "")
        }
    }

    private func settings(_ facts: inout WaitFacts) async throws(QueueError) -> String {
        if let known = facts.settings { return known }
        let settings = try await lenient(RedisCommand("HGET", .string(keys.meta), "settings")).string ?? ""
        facts.settings = settings
        return settings
    }

    private func queue(_ name: String, _ facts: inout WaitFacts) async throws(QueueError) -> QueueOverview {
        if let known = facts.queues[name] { return known }
        let queue = try await state(of: name).queue
        facts.queues[name] = queue
        return queue
    }

    private func owner(_ node: NodeID, _ facts: inout WaitFacts) async throws(QueueError) -> FleetOverview {
        if let known = facts.owners[node] { return known }
        let overview = try await overview(of: node)
        facts.owners[node] = overview
        return overview
    }
}

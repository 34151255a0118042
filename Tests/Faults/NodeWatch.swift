import JobContract
import Primitives
import Redis
import Synchronization

@testable import Models
@testable import Support

/// Sees in Redis which nodes are lost, and what is promised on them. It also keeps the grace shorter than operators may
/// set it, so that a minute has several losses. Each registration sets it anew.
final class NodeWatch: Sendable {
    fileprivate struct Content {
        var losses: [History.Loss] = []
        var reservations: [History.Reservations] = []
        /// Nodes that have announced their games and have none to stop.
        var ready: Set<NodeID> = []
    }

    private static let script = """
        local prefix, time = string.sub(KEYS[1], 1, -5), redis.call('TIME')
        local settings = redis.call('HGET', KEYS[1], 'settings')
        local short = settings and string.gsub(settings, '"grace_ms":%d+', '"grace_ms":' .. ARGV[1])
        if short and short ~= settings then redis.call('HSET', KEYS[1], 'settings', short) end
        local rows = {}
        for index = 2, #ARGV do
          local name = ARGV[index]
          local facts = redis.call('HMGET', prefix .. 'node:' .. name, 'slots', 'memory', 'used_memory', 'reported_at')
          rows[#rows + 1] = { redis.call('ZSCORE', prefix .. 'lost_nodes', name) or '',
            redis.call('EXISTS', prefix .. 'disowned:' .. name), facts[4] or '', facts[1] or '0', facts[2] or '0',
            facts[3] or '0', unpack(redis.call('HVALS', prefix .. 'reservations:' .. name)) }
        end
        return { time[1] * 1000 + math.floor(time[2] / 1000), rows }
        """

    private let fleet: Fleet
    private let nodes: [NodeID]
    private let grace: Duration
    private let content = Mutex(Content())

    init(_ fleet: Fleet, nodes: [NodeID], grace: Duration) {
        self.fleet = fleet
        self.nodes = nodes
        self.grace = grace
    }

    var losses: [History.Loss] { content.withLock { $0.losses } }
    var reservations: [History.Reservations] { content.withLock { $0.reservations } }

    func isLost(_ node: NodeID) -> Bool {
        content.withLock { $0.losses.contains { $0.node == node && $0.until == nil } }
    }

    /// Whether the node has announced its games, is not lost, and has no game to stop.
    func isReady(_ node: NodeID) -> Bool { content.withLock { $0.ready.contains(node) } }

    /// Looks once. A Redis that is away shows nothing, and changes nothing.
    func look() async {
        let words = ["1", fleet.keys.meta, "\(Int(grace / .milliseconds(1)))"] + nodes.map(\.text)
        let command = RedisCommand("EVAL", arguments: ([Self.script] + words).map { RedisArgument.string($0) })
        guard let answer = (try? await fleet.client.send(command))?.array, answer.count == 2,
            let time = answer[0].integer, let rows = answer[1].array
        else { return }
        let now = Timestamp(millisecondsSinceEpoch: time)
        content.withLock { content in
            for (node, row) in zip(nodes, rows) { content.note(node, row.array ?? [], now) }
        }
    }
}

extension NodeWatch.Content {
    fileprivate mutating func note(_ node: NodeID, _ row: [RedisValue], _ now: Timestamp) {
        guard row.count >= 6 else { return }
        let since = row[0].string.flatMap { Double($0) }.map { Timestamp(millisecondsSinceEpoch: Int64($0)) }
        note(node, lostSince: since, now)
        let isReady = since == nil && row[1].integer == 0 && row[2].string?.isEmpty == false
        if isReady { ready.insert(node) } else { ready.remove(node) }
        func number(_ index: Int) -> Int64 { row[index].string.flatMap { Int64($0) } ?? 0 }
        let promises = row.dropFirst(6).compactMap(\.string).sorted().compactMap { text in
            NodeReservation(text).map { History.Promise(memory: $0.demand.memory, containerID: $0.containerID) }
        }
        var seen = History.Reservations(
            node: node,
            at: now,
            promises: promises,
            used: number(5),
            slots: Int(number(3)),
            capacity: number(4)
        )
        guard var last = reservations.last(where: { $0.node == node }) else { return reservations.append(seen) }
        (last.at, seen.at) = (now, now)
        if last != seen { reservations.append(seen) }
    }

    private mutating func note(_ node: NodeID, lostSince since: Timestamp?, _ now: Timestamp) {
        let index = losses.lastIndex { $0.node == node && $0.until == nil }
        if let index, losses[index].from != since { losses[index].until = now }
        guard let since else { return }
        if let index, losses[index].from == since {
            losses[index].seen = now
        } else {
            losses.append(.init(node: node, from: since, seen: now))
        }
    }
}

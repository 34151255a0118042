import JobContract
import Primitives

@testable import JobQueue
@testable import Models
@testable import Support

extension RedisModel {
    /// Returns the games that the node has to stop first.
    mutating func join(
        _ games: [OwnedGame]?,
        stopped: [GameID] = [],
        by caller: Caller,
        at time: Int64
    ) -> [GameID] {
        let now = begin(at: time)
        noteSilence(now)
        if !members.contains(caller) { members.append(caller) }
        lanes.capacities[caller.node] = options.capacity
        var mustStop: [GameID] = []
        if let games {
            if mutation == .adoptAlways { lanes.disowned[caller.node] = [] }
            let held = lanes.reserved[caller.node] ?? [:]
            let over = Set(games.compactMap(\.running?.containerID).filter { isOver($0, on: caller.node) })
            mustStop = lanes.join(node: caller.node, games: games, stopped: stopped) { over.contains($0) }.sorted()
            for game in games where held[game.gameID] == nil {
                let id = game.running?.containerID
                holders[caller.node, default: [:]][game.gameID] = id.map(over.contains) == true ? nil : id
            }
            if mustStop.isEmpty { told.insert(caller.node) }
            told.subtract(lanes.deposed)
        }
        noteAlive(caller.node, games == nil ? .away : .answers, at: now)
        settle(at: now)
        return mustStop
    }

    /// What fleet.lua does with the same name.
    mutating func noteAlive(_ node: NodeID, _ docker: DockerState, at now: Int64) {
        guard told.contains(node) else {
            lanes.untold.insert(node)
            arrivals[node] = arrivals[node] ?? now
            return
        }
        arrivals[node] = nil
        if docker == .answers { nodesSeen[node] = now }
    }

    /// What sweep.lua does with the same name.
    mutating func loseSilent(_ now: Int64) {
        let grace = max(options.nodeGrace.milliseconds, 2 * lease)
        let silent = nodesSeen.filter { $0.value <= now - grace }.keys.sorted()
        // A step of the clock looks like silence; the liveness key has expired by the same step.
        if !silent.isEmpty, mutation != .loseAfterClockStep { noteSilence(now) }
        guard now >= resumedAt + grace else { return }
        for node in silent {
            nodesSeen[node] = nil
            told.remove(node)
            lanes.lose(node: node)
        }
    }

    mutating func leave(_ caller: Caller, at time: Int64) {
        let now = begin(at: time)
        members.removeAll { $0 == caller }
        forgetIdle(caller)
        bells[caller.id] = nil
        settle(at: now)
    }

    mutating func lead(ttl: Duration, by caller: Caller, at time: Int64) -> LeaseAnswer {
        let now = begin(at: time)
        var leader = leaders[caller.node] ?? Leader()
        if leader.until > time, leader.holder != caller.id {
            return .held(remaining: .milliseconds(leader.until - time), epoch: leader.epoch)
        }
        leader.epoch = max(leader.epoch + 1, now)
        leader.holder = caller.id
        leader.until = time + ttl.milliseconds
        leaders[caller.node] = leader
        return .granted(epoch: leader.epoch, cursor: leader.cursor)
    }

    /// What Redis does with `PEXPIRE`.
    mutating func renew(epoch: Int64, ttl: Duration, on node: NodeID, at time: Int64) -> Bool {
        guard leaders[node]?.epoch == epoch, leaders[node]?.until ?? 0 > time else { return false }
        leaders[node]?.until = time + ttl.milliseconds
        return true
    }

    /// What Redis does with `PTTL`.
    func remainder(ofTerm epoch: Int64, on node: NodeID, at time: Int64) -> Duration? {
        guard let leader = leaders[node], leader.epoch == epoch, leader.until > time else { return nil }
        return .milliseconds(leader.until - time)
    }

    mutating func resign(epoch: Int64, by caller: Caller, at time: Int64) {
        _ = begin(at: time)
        guard leads(caller, epoch) else { return }
        leaders[caller.node]?.until = 0
        for other in members.filter({ $0.node == caller.node && $0 != caller }).prefix(2) {
            bells[other.id, default: []].append("leader")
        }
    }

    func leads(_ caller: Caller, _ epoch: Int64) -> Bool {
        leaders[caller.node]?.holder == caller.id && leaders[caller.node]?.epoch == epoch
    }
}

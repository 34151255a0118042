import JobContract
import Primitives

@testable import JobQueue
@testable import Support

extension RedisModel {
    mutating func join(_ games: [OwnedGame]?, by caller: Caller, at time: Int64) {
        let now = begin(at: time)
        noteSilence(now)
        if !members.contains(caller) { members.append(caller) }
        nodesSeen[caller.node] = now
        guard let games else {
            if !told.contains(caller.node) { lanes.untold.insert(caller.node) }
            return
        }
        lanes.join(node: caller.node, games: games.map { (game: $0.gameID, isRunning: $0.isRunning) })
        told.insert(caller.node)
        settle(at: now)
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

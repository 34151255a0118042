import DockerPort
import JobContract
import JobQueue
import Primitives
import Synchronization

@testable import Models
@testable import Support

/// What becomes of Redis itself, and what must hold after each call.
extension World {
    /// The replica stops to follow, and takes over a moment later.
    func begin(_ failover: Scenario.Failover) {
        guard !isCalm else { return }
        let (copy, begin) = (state.withLock { $0 }, wallNow)
        scheduler.after(failover.behind) {
            self.fail(over: failover, to: copy)
            // A worker learns of the loss by its next extension at the latest.
            let end = self.wallNow.advanced(by: self.scenario.options.lease)
            self.state.withLock { $0.forgottenStarts.append(begin...end) }
        }
    }

    /// - Parameter copy: The state when the replica stopped to follow.
    private func fail(over failover: Scenario.Failover, to copy: State) {
        scheduler.note("failover")
        let wall = wallNow
        state.withLock { state in
            for index in state.pushes.indices.dropFirst(copy.pushes.count) { state.pushes[index].mayBeLost = true }
            state.uncertain.formUnion(state.redis.tokens.values)
            state.uncertain.formUnion(copy.redis.tokens.values)
            state.uncertain.formUnion(state.redis.endedBy.values)
            let clocks = [copy.redis.clock, state.redis.clock].map { Timestamp(millisecondsSinceEpoch: $0) }
            state.forgotten.append(clocks[0]...max(clocks[0], clocks[1]))
            (state.signs, state.clock) = (copy.signs, copy.clock)
            let lost = state.redis.lanes.lostNodes
            state.redis = copy.redis
            state.noteLosses(since: lost, at: wall)
            if failover.away > .zero { state.redisIsAway = true }
        }
        cutConnections()
        guard failover.away > .zero else { return }
        scheduler.after(failover.away) { self.state.withLock { $0.redisIsAway = false } }
    }

    /// Notes a node on which more is promised than it has. A reservation for a container that has ended does not count: a
    /// worker may tell late that it runs.
    func checkCapacity(of node: NodeID) {
        let engine = engine(of: node)
        state.withLock { state in
            let capacity = state.redis.lanes.capacities[node] ?? NodeCapacity()
            let promised = state.redis.lanes.reserved[node, default: [:]].filter { game, _ in
                state.redis.holders[node]?[game].map { engine.find($0)?.inspect.isRunning == true } ?? true
            }
            let memory = promised.values.reduce(0) { $0 + $1.memory }
            let isTooMuch =
                capacity.slots > 0 && promised.count > capacity.slots || capacity.memory > 0 && memory > capacity.memory
            let games = promised.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.memory >> 20)" }
            let problem =
                "\(promised.count) games with \(memory >> 20) MiB are promised on \(node) (\(games.joined(separator: ", ")))"
            if isTooMuch, problem != state.problems.last { state.problems.append(problem) }
        }
    }
}

extension World.State {
    /// Notes which nodes are lost, and that none is lost without a reason.
    ///
    /// - Parameter before: Redis before the call.
    mutating func check(since before: World.Before, at wall: Timestamp, grace: Duration) {
        let lost = before.lostNodes
        for node in redis.lanes.lostNodes.subtracting(lost) {
            guard let sign = signs[node] else { continue }
            let end = sign.at.advanced(by: grace - .milliseconds(clock.gain - sign.gain))
            guard end > wall.advanced(by: .milliseconds(2)) else { continue }
            problems.append("\(node) was lost at \(wall.rfc3339), although it lived at \(sign.at.rfc3339)")
        }
        noteLosses(since: lost, at: wall)
        // After an outage, each node has one grace.
        if before.resumedAt != redis.resumedAt { for node in signs.keys { signs[node]?.gain = clock.gain } }
        for (node, time) in redis.nodesSeen where before.nodesSeen[node] != time { signs[node] = (wall, clock.gain) }
    }

    /// Nodes on which more is promised than they have.
    var full: [NodeID] {
        redis.lanes.reserved.keys.sorted().filter { node in
            let capacity = redis.lanes.capacities[node] ?? NodeCapacity()
            return capacity.slots > 0 && redis.lanes.reserved[node, default: [:]].count > capacity.slots
                || capacity.memory > 0 && redis.lanes.used(node).memory > capacity.memory
        }
    }

    mutating func noteLosses(since before: Set<NodeID>, at wall: Timestamp) {
        let after = redis.lanes.lostNodes
        for node in after.subtracting(before) { losses.append((node, wall, nil)) }
        for index in losses.indices where losses[index].to == nil {
            if !after.contains(losses[index].node) { losses[index].to = wall }
        }
    }
}

import DockerPort
import JobContract
import Primitives
import Redis
import RuntimeCore
import Synchronization

@testable import JobQueue
@testable import Runtime
@testable import Models
@testable import Support

extension World {
    /// Nothing goes wrong any more, and each node has a worker.
    func calm() {
        state.withLock {
            $0.isCalm = true
            $0.redisIsAway = false
        }
        if let absence = scenario.absence { end(absence) }
        for process in living { scheduler.thaw(process.ownExecutor) }
        for node in scenario.nodes where !living.contains(where: { $0.identity.node == node && !$0.isEnding }) {
            startProcess(on: node)
        }
        look()
    }

    /// Looks now and then whether everything has come to rest.
    func look() {
        let isDone = state.withLock { state in
            let ended = Set(state.redis.results.map(\.key))
            return state.redis.leftovers.isEmpty && state.redis.lanes.queues.values.allSatisfy(\.isEmpty)
                && state.pushes.allSatisfy { $0.mayBeLost || ended.contains($0.key) }
        }
        if isDone {
            let isPublished = !violations(of: history()).contains {
                [.lifecycle, .started, .rest].contains($0.rule)
            }
            if isPublished { return state.withLock { $0.isAtRest = true } }
            // As an operator may ask for, so that nobody has to wait for the minute.
            redis { model, _ in
                for member in model.members { model.bells[member.id, default: []].append("reconcile") }
            }
        }
        scheduler.after(.milliseconds(isDone ? 1_000 : 250)) { self.look() }
    }

    var isAtRest: Bool { state.withLock { $0.isAtRest } }

    // MARK: What goes wrong

    func commit(_ fault: Scenario.Fault) {
        guard !isCalm else { return }
        state.withLock { $0.faultsDone[fault.rawValue, default: 0] += 1 }
        scheduler.note(fault.rawValue)
        let engine = engines[dice(engines.count)]
        let moment = Duration.milliseconds(10 + dice(1_500))
        switch fault {
        case .workerKilled, .workerFrozen, .workerReplaced: commit(fault, to: living, moment)
        case .redisAway:
            state.withLock { $0.redisIsAway = true }
            cutConnections()
            scheduler.after(moment * 2) { self.state.withLock { $0.redisIsAway = false } }
        case .redisConnectionsCut: cutConnections()
        case .redisClockBack: state.withLock { $0.redisSkew -= 5_000 }
        case .redisClockAhead: state.withLock { $0.redisSkew += 4_000 }
        case .redisClockFarAhead:
            state.withLock { $0.redisSkew += (scenario.options.nodeGrace + moment * 4).milliseconds }
        case .engineKilled, .engineEnded:
            guard engine.isUp else { return }
            engine.goDown(killed: fault == .engineKilled)
            scheduler.after(moment) { engine.comeUp() }
        case .engineFrozen: engine.freeze(for: moment * 3)
        case .engineCut: engine.cut()
        case .containerEnds, .containerEndsUnseen, .containerOutOfMemory, .containerSick, .containerRenamed:
            commit(fault, on: engine)
        case .deadRetried:
            guard let retried = redis({ $0.requeue(at: $1) }) else { return }
            state.withLock { state in
                guard var push = state.pushes.first(where: { $0.id == retried.id }) else { return }
                push.run = retried.run
                state.pushes.append(push)
            }
        }
    }

    func begin(_ absence: Scenario.Absence) {
        let node = absence.node
        scheduler.note("\(node) is \(absence.isCut ? "cut off" : "off")")
        let waiters = state.withLock { state in
            if absence.isCut { state.cutNodes.insert(node) } else { state.deadNodes.insert(node) }
            defer { state.waiters.removeAll { $0.node == node } }
            return state.waiters.filter { $0.node == node }
        }
        for waiter in waiters { waiter.answer.give(nil) }
        if !absence.isCut {
            for process in living where process.identity.node == node { process.die() }
            engine(of: node).goDown(killed: true)
        }
        scheduler.after(absence.time) { self.end(absence) }
    }

    func end(_ absence: Scenario.Absence) {
        let wasDead = state.withLock { state in
            state.cutNodes.remove(absence.node)
            return state.deadNodes.remove(absence.node) != nil
        }
        guard wasDead else { return }
        scheduler.note("\(absence.node) is on")
        engine(of: absence.node).comeUp()
        startProcess(on: absence.node)
    }

    func commit(_ fault: Scenario.Fault, to living: [SimulatedProcess], _ moment: Duration) {
        guard !living.isEmpty else { return }
        // One that is at work, where there is one.
        let busy = state.withLock { state in Set(state.redis.lanes.jobs.values.compactMap(\.worker)) }
        let candidates = living.filter { busy.contains($0.identity.id) }
        let victim = (candidates.isEmpty ? living : candidates)[
            dice(candidates.isEmpty ? living.count : candidates.count)
        ]
        switch fault {
        case .workerKilled: victim.die()
        case .workerReplaced: victim.terminate()
        default:
            scheduler.freeze(victim.ownExecutor)
            scheduler.after(dice(4) > 0 ? Scenario.lease + moment : moment) { self.scheduler.thaw(victim.ownExecutor) }
        }
    }

    func commit(_ fault: Scenario.Fault, on engine: SimulatedEngine) {
        let running = engine.all.filter(\.isRunning)
        guard engine.isUp, !running.isEmpty else { return }
        let id = running[dice(running.count)].id
        switch fault {
        case .containerOutOfMemory: engine.end(id, code: 137, by: .outOfMemory)
        case .containerSick: engine.setHealth(id, dice(2) == 0 ? "unhealthy" : "healthy")
        case .containerRenamed: engine.rename(id, to: "renamed-\(dice(1_000_000))")
        default: engine.end(id, code: dice(2), by: .own, isSeen: fault == .containerEnds)
        }
    }

    func cutConnections() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.answer.give(nil) }
    }
}

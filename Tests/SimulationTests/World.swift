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

/// One simulation: Redis, Engines and workers in a time of their own, and the history of it all.
final class World: Sendable {
    enum Wait: Sendable, Equatable {
        case queue(String)
        case bell(String)
    }

    struct Waiter {
        var wait: Wait
        var node: NodeID
        var answer: OneShot<RedisValue?>
    }

    struct State {
        var redis: RedisModel
        var waiters: [Waiter] = []
        var processes: [SimulatedProcess] = []
        var pushes: [History.Push] = []
        var isCalm = false
        var isAtRest = false
        var redisIsAway = false
        /// Nodes that cannot reach Redis, and nodes that are off.
        var cutNodes: Set<NodeID> = []
        var deadNodes: Set<NodeID> = []
        /// From when to when nodes were lost.
        var losses: [(node: NodeID, from: Timestamp, to: Timestamp?)] = []
        /// The last sign of life of each node, and ``World/ClockWatch/gain`` then.
        var signs: [NodeID: (at: Timestamp, gain: Int64)] = [:]
        var clock = ClockWatch()
        /// Leases that a failover, or a step of Redis' clock, has made uncertain.
        var uncertain: Set<LeaseToken> = []
        /// Times of Redis' clock that a failover has forgotten.
        var forgotten: [ClosedRange<Timestamp>] = []
        /// Times of starts whose claim a failover may have forgotten.
        var forgottenStarts: [ClosedRange<Timestamp>] = []
        var redisSkew: Int64 = 0
        var lastTime: Int64 = 0
        var deaths = 0
        var problems: [String] = []
        var faultsDone: [String: Int] = [:]
    }

    static let start = Timestamp(seconds: 1_800_000_000)

    let scenario: Scenario
    let scheduler: Scheduler
    let engines: [SimulatedEngine]
    let state: Mutex<State>
    /// A rule of the runtime or of a model that is broken on purpose, to see that it is found.
    let mutation: Mutation?

    init(_ scenario: Scenario, mutation: Mutation? = nil, isLoud: Bool = false) {
        self.scenario = scenario
        self.mutation = mutation
        let scheduler = Scheduler(seed: scenario.seed &* 0x9E37_79B9 &+ 1, isLoud: isLoud)
        self.scheduler = scheduler
        state = Mutex(State(redis: RedisModel(options: scenario.options)))
        let clock = EngineClock(scheduler)
        engines = scenario.nodes.enumerated().map { index, node in
            SimulatedEngine(index + 1, node: node, scheduler) { clock.next() }
        }
    }

    var wallNow: Timestamp { Self.start.advanced(by: .nanoseconds(scheduler.now.nanoseconds - 1_000_000_000)) }

    func engine(of node: NodeID) -> SimulatedEngine { engines.first { $0.node == node } ?? engines[0] }

    func dice(_ most: Int) -> Int { Int(scheduler.random() % UInt64(most)) }

    var isCalm: Bool { state.withLock { $0.isCalm } }

    // MARK: Redis

    /// Runs a script, at Redis' own time, and wakes who waits for what it has done.
    func redis<Value>(_ body: (inout RedisModel, Int64) -> Value) -> Value where Value: Sendable {
        let now = wallNow.millisecondsSinceEpoch
        let wall = wallNow
        let (value, full) = state.withLock { state in
            state.redis.mutation = mutation
            let before = Before(state.redis)
            let value = body(&state.redis, now + state.redisSkew)
            let uncertain = state.clock.uncertain(from: before, to: state.redis, at: now)
            state.uncertain.formUnion(uncertain)
            state.check(since: before, at: wall, grace: scenario.options.nodeGrace)
            return (value, state.full)
        }
        for node in full { checkCapacity(of: node) }
        wake()
        return value
    }

    func wait(_ wait: Wait, from node: NodeID, _ answer: OneShot<RedisValue?>) {
        let isAway = state.withLock { state in
            let isAway = state.redisIsAway || state.cutNodes.contains(node)
            if !isAway { state.waiters.append(Waiter(wait: wait, node: node, answer: answer)) }
            return isAway
        }
        if isAway { return scheduler.after(.milliseconds(20)) { answer.give(nil) } }
        wake()
    }

    func wake() {
        let woken = state.withLock { state in
            var woken: [(OneShot<RedisValue?>, RedisValue)] = []
            state.waiters.removeAll { waiter in
                switch waiter.wait {
                case .queue(let name):
                    guard let oldest = state.redis.lanes.wake(at: name) else { return false }
                    woken.append((waiter.answer, .bulk(state.redis.bytes[oldest.id] ?? [])))
                case .bell(let worker):
                    guard state.redis.bells[worker]?.isEmpty == false,
                        let word = state.redis.bells[worker]?.removeFirst()
                    else { return false }
                    woken.append((waiter.answer, .array([.null, .bulk(Array(word.utf8))])))
                }
                return true
            }
            return woken
        }
        for (answer, value) in woken { scheduler.after(.microseconds(100 + dice(300))) { answer.give(value) } }
    }

    /// Whether Redis refuses a call, as where it has no memory.
    var isRefused: Bool { scenario.refusals > 0 && !isCalm && dice(1_000) < scenario.refusals }

    /// Whether an Engine answers the call that is made now with an error.
    var isRefusedByEngine: Bool { scenario.engineErrors > 0 && !isCalm && dice(1_000) < scenario.engineErrors }

    func wayToRedis(from node: NodeID) -> Scheduler.Way {
        var way = Scheduler.Way(
            there: .microseconds(50 + dice(400)),
            back: .microseconds(50 + dice(200)),
            deadline: .seconds(1)
        )
        let (isCalm, isAway) = state.withLock { ($0.isCalm, $0.redisIsAway || $0.cutNodes.contains(node)) }
        if isAway { return Scheduler.Way(there: nil, back: nil, deadline: .milliseconds(1 + dice(50))) }
        guard !isCalm else { return way }
        if dice(1_000) < scenario.slowness { way.there = .milliseconds(dice(dice(4) == 0 ? 3_000 : 200)) }
        if dice(1_000) < scenario.lossToRedis {
            if dice(2) == 0 { way.there = nil }
            way.back = nil
            way.deadline = .milliseconds(dice(2) == 0 ? 1_000 : 5 + dice(200))
        }
        return way
    }

    // MARK: Engines

    func way(to engine: SimulatedEngine, deadline: Duration) -> Scheduler.Way {
        var way = Scheduler.Way(
            there: .microseconds(100 + dice(2_000)) + engine.stillFrozen,
            back: .microseconds(100 + dice(500)),
            deadline: deadline
        )
        guard !isCalm else { return way }
        if dice(1_000) < scenario.slowness {
            way.there = way.there.map { $0 + .milliseconds(dice(dice(4) == 0 ? 5_000 : 300)) }
        }
        if dice(1_000) < scenario.lossToEngine {
            if dice(2) == 0 { way.there = nil }
            way.back = nil
            way.deadline = .milliseconds(dice(2) == 0 ? Int(deadline / .milliseconds(1)) : 5 + dice(200))
        }
        return way
    }

    /// Notes a change that a worker makes although its lease has been given to another.
    func checkLease(_ lease: JobLease, of process: SimulatedProcess) {
        state.withLock { state in
            let isKnown = state.redis.tokens[lease.id] == lease.token
            guard !isKnown, !state.uncertain.contains(lease.token) else { return }
            state.problems.append("\(process.identity.id) changes something for \(lease.id), which is another's by now")
        }
    }

    // MARK: Processes

    /// Whether the worker stops here, between the decision for a call and the call; for how long.
    ///
    /// - Parameters:
    ///   - weight: how many times as likely as elsewhere.
    ///   - longest: of the time beyond the lease, in ms.
    func freezes(_ process: SimulatedProcess, weight: Int = 1, longest: Int = 1_500) -> Duration {
        guard scenario.freezeAtCall > 0, !isCalm, dice(1_000) < scenario.freezeAtCall * weight else { return .zero }
        let time = Scenario.lease + .milliseconds(10 + dice(longest))
        scheduler.note("\(process.identity.id) freezes")
        scheduler.freeze(process.ownExecutor)
        scheduler.after(time) { self.scheduler.thaw(process.ownExecutor) }
        return time
    }

    func mayDie(at moment: SimulatedProcess.Moment) -> Bool { mayDie(scenario.deathAtCall) }

    func mayDie(at point: Failpoint) -> Bool { mayDie(scenario.deathAtPoint) }

    func mayDie(_ chance: Int) -> Bool {
        guard chance > 0, dice(1_000) < chance else { return false }
        return state.withLock { state in
            guard !state.isCalm, state.deaths < scenario.mostDeaths else { return false }
            state.deaths += 1
            return true
        }
    }

    func processIsGone(_ process: SimulatedProcess) {
        guard !state.withLock({ $0.isCalm }) else { return }
        let node = process.identity.node
        scheduler.after(.milliseconds(100 + dice(2_500))) {
            let isOff = self.state.withLock { $0.deadNodes.contains(node) }
            if !self.isAtRest, !isOff { self.startProcess(on: node) }
        }
    }

    func startProcess(on node: NodeID) {
        let process = state.withLock { state in
            let process = SimulatedProcess(number: state.processes.count + 1, node: node, self)
            state.processes.append(process)
            return process
        }
        scheduler.note("start \(process.identity.id)")
        process.start()
    }

    var living: [SimulatedProcess] { state.withLock { $0.processes.filter { !$0.isDead && !$0.hasEnded } } }

    var allHaveEnded: Bool { state.withLock { $0.processes.allSatisfy(\.hasEnded) } }

    func killAll() { for process in state.withLock({ $0.processes }) { process.die() } }

    /// A worker makes no container that its own operator does not allow, whoever has admitted the job.
    func checkPolicy(_ spec: RunSpec, of process: SimulatedProcess) {
        let allowed = scenario.configuration(ofWorker: process.number).node.allowedImages
        guard !allowed.isEmpty, !allowed.contains(spec.image) else { return }
        state.withLock { $0.problems.append("\(process.identity.id) makes \(spec.image), which it does not allow") }
    }

    var problems: [String] { state.withLock { $0.problems } }

    // MARK: The history

    /// A container may run on, and nobody knows, if Redis has forgotten its job, or that the job was claimed: then the
    /// job runs again on another node, and the first node is the owner of the game.
    func violations(of history: History) -> [Checker.Violation] {
        let lost = Set(history.pushes.filter(\.mayBeLost).map(\.id.text))
        let (times, owners) = state.withLock { ($0.forgottenStarts, $0.redis.lanes.owners) }
        let forgotten = engines.flatMap { engine in
            engine.all.filter { lost.contains($0.labels[GalaxyLabel.jobID] ?? "") }.map(\.id)
                + engine.runs.filter { run in
                    owners[run.game] == engine.node && times.contains { $0.contains(run.from) }
                }.map(\.containerID)
        }
        let named = Set(history.results.compactMap(\.containerID))
        var known = history
        for container in forgotten where !named.contains(container) { known.running[container] = nil }
        return Checker.violations(of: history).filter { $0.rule != .rest }
            + Checker.violations(of: known).filter { $0.rule == .rest }
    }

    func note(_ push: History.Push) { state.withLock { $0.pushes.append(push) } }

    func history() -> History {
        var history = state.withLock { state in
            var history = History(pushes: state.pushes)
            history.results = state.redis.results
            history.events = state.redis.events
            history.leftovers = state.redis.leftovers
            history.forgotten = state.forgotten
            return history
        }
        for engine in engines {
            for container in engine.all where container.isRunning {
                history.running[container.id] = GameID(container.labels[SimulatedEngine.gameLabel] ?? "")
            }
        }
        return history
    }
}

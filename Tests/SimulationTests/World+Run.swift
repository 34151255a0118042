import DockerPort
import JobContract
import JobQueue
import Primitives
import RuntimeCore
import Synchronization

@testable import Runtime
@testable import Models
@testable import Support

extension World {
    /// What one simulation came to.
    struct Outcome: Sendable {
        var history = History()
        var problems: [String] = []
        /// The same for the same seed.
        var trace: UInt64 = 0
        var steps = 0
        var seconds = 0.0
    }

    /// How long after the last fault everything must have come to rest.
    private static let patience = Duration.seconds(240)
    private static let mostSteps = 2_000_000

    /// Runs it to its end on the calling thread.
    func run() -> Outcome {
        for node in scenario.workers { startProcess(on: node) }
        for push in scenario.pushes { scheduler.after(push.at) { self.push(push) } }
        for (at, fault) in scenario.faults { scheduler.after(at) { self.commit(fault) } }
        for push in scenario.lastPushes { scheduler.after(push.at) { self.push(push) } }
        if let failover = scenario.failover { scheduler.after(failover.from) { self.begin(failover) } }
        if let absence = scenario.absence { scheduler.after(absence.from) { self.begin(absence) } }
        scheduler.after(scenario.horizon) { self.calm() }
        let end = scheduler.now.advanced(by: scenario.horizon + Self.patience)
        while !isAtRest, scheduler.now < end, scheduler.steps < Self.mostSteps, scheduler.step() {}
        var outcome = Outcome(history: history())
        outcome.problems = problems
        outcome.seconds = Double(scheduler.now.nanoseconds - 1_000_000_000) / 1e9
        shutDown(&outcome)
        outcome.trace = scheduler.trace
        outcome.steps = scheduler.steps
        outcome.problems += violations(of: outcome.history).map(\.description)
        outcome.problems += doubles() + overcommitted() + wrongReasons(in: outcome.history)
        return outcome
    }

    /// The last worker ends as told; what is dead has unwound.
    private func shutDown(_ outcome: inout Outcome) {
        for process in living { process.terminate() }
        let end = scheduler.now.advanced(by: .seconds(60))
        while !allHaveEnded, scheduler.now < end, scheduler.steps < Self.mostSteps, scheduler.step() {}
        guard !allHaveEnded else { return }
        outcome.problems.append("a worker does not end")
        killAll()
        while !allHaveEnded, scheduler.steps < 2 * Self.mostSteps, scheduler.step() {}
    }

    /// Two containers of one game that ran at once.
    private func doubles() -> [String] {
        let all = engines.flatMap { engine in engine.runs.map { (node: engine.node, run: $0) } }
        let runs = Dictionary(grouping: all, by: \.run.game)
        return runs.sorted { $0.key < $1.key }.flatMap { game, runs -> [String] in
            let sorted = runs.sorted { $0.run.from < $1.run.from }
            return zip(sorted, sorted.dropFirst()).compactMap { first, second -> String? in
                guard first.run.to.map({ $0 > second.run.from }) ?? true else { return nil }
                if mayRunTwice(on: first.node, until: first.run.to, since: second.run.from) { return nil }
                if isForgotten(first, second) { return nil }
                return "two containers of \(game) run at once since \(second.run.from.rfc3339)"
            }
        }
    }

    /// Whether a moved game may run on its old node, too: the node was lost when the game moved, and had stopped the game
    /// when it counted as returned.
    private func mayRunTwice(on node: NodeID, until end: Timestamp?, since begin: Timestamp) -> Bool {
        guard let end else { return false }
        return state.withLock { $0.losses }.contains { loss in
            loss.node == node && loss.from <= begin && loss.to.map { end <= $0 } ?? true
        }
    }

    /// Whether a failover may have made two nodes run a game: for a while, until a janitor has compared their fences.
    private func isForgotten(
        _ first: (node: NodeID, run: SimulatedEngine.Run),
        _ second: (node: NodeID, run: SimulatedEngine.Run)
    ) -> Bool {
        guard scenario.failover != nil, first.node != second.node else { return false }
        let end = min(first.run.to ?? wallNow, second.run.to ?? wallNow)
        let calm = Self.start.advanced(by: scenario.horizon)
        return end < max(second.run.from, calm).advanced(by: .seconds(30))
    }

    /// Nodes whose containers needed more than they have.
    private func overcommitted() -> [String] {
        let capacity = scenario.options.capacity
        guard capacity != NodeCapacity() else { return [] }
        return engines.flatMap { engine in
            engine.runs.compactMap { run -> String? in
                let others = engine.runs.filter { $0.from <= run.from && $0.to.map { run.from < $0 } ?? true }
                let memory = others.reduce(0) { $0 + engine.memory(of: $1.containerID) }
                let isTooMuch =
                    capacity.slots > 0 && others.count > capacity.slots
                    || capacity.memory > 0 && memory > capacity.memory
                return isTooMuch ? "\(others.count) games with \(memory >> 20) MiB run on \(engine.node)" : nil
            }
        }
    }

    private func push(_ push: Scenario.Push) {
        let bytes = Array(push.text.utf8)
        var message = LaneModel.Message(id: push.id, kind: .start, game: "")
        var deadline: Int64?
        switch scenario.decoder.decode(bytes) {
        case .job(let job):
            message = LaneModel.Message(id: job.id, kind: job.kind, game: job.gameID)
            message.isGuarded = job.containerID != nil
            message.force = job.force
            if job.kind.startsGame { message.memory = job.limits.memory.flatMap { MemorySize($0)?.bytes } }
            deadline = job.deadline?.millisecondsSinceEpoch
        case .rejected(let rejection):
            message = LaneModel.Message(id: rejection.id, kind: .start, game: rejection.gameID ?? "")
            message.isInvalid = true
        }
        note(
            History.Push(
                id: message.id,
                kind: message.kind,
                game: message.game,
                // Whether its deadline has passed is for Redis' clock to say.
                supersedes: message.supersedes && !message.isInvalid
            )
        )
        let placed = message
        redis { model, _ in model.push(placed, bytes, deadline: deadline) }
    }
}

import JobContract
import Primitives

/// Checks a run's history against the contract. Each rule returns its violations as sentences.
package enum Checker {
    struct Violation: Sendable, Equatable, CustomStringConvertible {
        var rule: Rule
        var what: String

        var description: String { "\(rule.rawValue): \(what)" }
    }

    enum Rule: String, Sendable, CaseIterable {
        /// No job is lost, none has two results.
        case oneResult = "each job has exactly one result"
        /// No result without a job.
        case asked = "each result is of a job that was pushed"
        case order = "jobs of a game end in the order in which they were pushed"
        case overlap = "jobs of a game never overlap"
        case superseded = "only a start before a stop or remove of its game is superseded"
        case lifecycle = "each container's events are (started (healthy | unhealthy | oom)* exited)+ removed"
        case epoch = "epochs of a node never go back"
        /// What a result says was started, was seen to start.
        case started = "a started container has a started event"
        case rest = "what runs at the end is what the last jobs of the games left running"
        case empty = "nothing is left in Redis of jobs that have ended"
        case lostNode = "a lost node ends no job"
        case returned = "a node that returns ends what it no longer owns before its first job"
        case sideBySide = "a game runs on two nodes only after a loss, and not for long after the old node's contact"
        case adopted = "a node that has returned runs no game whose last job ended it"
        case capacity = "the games of a node never need more than it has"
    }

    static func violations(of history: History) -> [Violation] {
        let checks: [(Rule, [String])] = [
            (.oneResult, oneResult(history)), (.asked, asked(history)), (.order, order(history)),
            (.overlap, overlap(history)), (.superseded, superseded(history)), (.lifecycle, lifecycles(history)),
            (.epoch, epochs(history)), (.started, started(history)), (.rest, rest(history)),
            (.empty, history.leftovers), (.lostNode, lostNode(history)), (.returned, returned(history)),
            (.sideBySide, sideBySide(history)), (.adopted, adopted(history)), (.capacity, capacity(history)),
        ]
        return checks.flatMap { rule, problems in problems.map { Violation(rule: rule, what: $0) } }
    }

    private static func oneResult(_ history: History) -> [String] {
        let counts = history.results.reduce(into: [String: Int]()) { $0[$1.key, default: 0] += 1 }
        return history.pushes.compactMap { push in
            let count = counts[push.key] ?? 0
            let run = push.run > 1 ? ", run \(push.run)" : ""
            if count == 0, push.mayBeLost { return nil }
            return count == 1 ? nil : "\(push.id)\(run) (\(push.kind.rawValue) of \(push.game)) has \(count) results"
        }
    }

    private static func asked(_ history: History) -> [String] {
        let pushed = Set(history.pushes.map(\.key))
        return history.results.filter { !pushed.contains($0.key) }.map { "\($0.key) was never pushed" }
    }

    private static func order(_ history: History) -> [String] {
        let places = Dictionary(history.pushes.enumerated().map { ($1.key, $0) }) { first, _ in first }
        return pairs(history).compactMap { first, second in
            // An operator's retry goes to the end of the lane, before what still waits in the queue.
            guard first.run == 1, second.run == 1 else { return nil }
            guard let one = places[first.key], let two = places[second.key], one > two else { return nil }
            return "\(second.id) was pushed before \(first.id) and ended after it"
        }
    }

    private static func overlap(_ history: History) -> [String] {
        pairs(history).compactMap { first, second in
            guard let taken = second.takenAt, taken < first.finishedAt else { return nil }
            return "\(second.id) was begun at \(taken.rfc3339), before \(first.id) ended at \(first.finishedAt.rfc3339)"
        }
    }

    /// Results of one game that follow each other, those left out that were never begun because of others.
    private static func pairs(_ history: History) -> [(History.Result, History.Result)] {
        let tried = history.results.filter { $0.outcome != .superseded && $0.outcome != .rejected }
        return Dictionary(grouping: tried, by: \.game).values.flatMap { zip($0, $0.dropFirst()) }
    }

    private static func superseded(_ history: History) -> [String] {
        history.results.filter { $0.outcome == .superseded }.compactMap { result in
            guard let index = history.pushes.firstIndex(where: { $0.key == result.key }) else { return nil }
            let push = history.pushes[index]
            guard push.kind == .start || push.kind == .restart else {
                return "\(result.id) is a \(push.kind.rawValue)"
            }
            // Before an operator's retry there may be stops that still wait in the queue.
            let after = result.run > 1 ? 0 : index
            let later = history.pushes[after...].contains { $0.game == push.game && $0.supersedes }
            return later ? nil : "no stop or remove of \(push.game) came after \(result.id)"
        }
    }

    private static func started(_ history: History) -> [String] {
        let seen = Set(history.events.filter { $0.kind == .started }.map(\.containerID))
        return history.results.filter { $0.effect == .started || $0.effect == .alreadyRunning }.compactMap { result in
            guard let container = result.containerID else { return "\(result.id) names no container" }
            // The event may be forgotten where the container was gone, too, before anyone looked again.
            guard !history.forgotten.contains(where: { $0.contains(result.finishedAt) }) else { return nil }
            return seen.contains(container) ? nil : "\(container.short) of \(result.id) has no event `started`"
        }
    }

    /// A container may also have ended by itself, or with its Engine; then its events say so.
    private static func rest(_ history: History) -> [String] {
        var wanted: [GameID: ContainerID] = [:]
        for result in history.results {
            // The node ends the container when it returns.
            if result.code == ErrorCode.nodeLost.rawValue { wanted[result.game] = nil }
            guard result.outcome == .succeeded else { continue }
            switch result.effect {
            case .started, .alreadyRunning: wanted[result.game] = result.containerID
            case .stopped, .alreadyStopped, .removed, .alreadyAbsent: wanted[result.game] = nil
            case .none: break
            }
        }
        let exited = Set(history.events.filter { $0.kind == .exited }.map(\.containerID))
        let missing = wanted.filter { history.running[$0.value] == nil && !exited.contains($0.value) }
        let surplus = history.running.filter { wanted[$0.value] != $0.key }
        return missing.map { "\($0.value.short) of \($0.key) should run, and its exit is not published" }
            + surplus.map { "\($0.key.short) of \($0.value) runs, and no job left it running" }
    }
}

import JobContract
import Primitives

/// The rules for several nodes. What was seen is certain, so a rule needs no tolerance, but for the milliseconds that
/// Redis cuts off.
extension Checker {
    /// The longest time for which a game runs on two nodes after the old one is in contact again: a retry of the
    /// connection, an announcement, a list of containers, and 10 s for the game to end.
    static let longestSideBySide = Duration.seconds(13)

    private static let tick = Duration.milliseconds(1)

    static func lostNode(_ history: History) -> [String] {
        history.hosts.losses.flatMap { loss in
            history.results.filter { $0.node == loss.node && isRun($0) }.compactMap { result in
                let isLost: (Timestamp) -> Bool = { loss.from < $0 && $0 < loss.seen }
                guard isLost(result.finishedAt) || result.takenAt.map(isLost) == true else { return nil }
                return "\(result.id) was run by \(loss.node) until \(result.finishedAt.rfc3339), which was lost from "
                    + "\(loss.from.rfc3339) to \(loss.seen.rfc3339) at least"
            }
        }
    }

    /// Whether the worker that ended the job has run it. The result of a poisoned job names the last node that had it.
    private static func isRun(_ result: History.Result) -> Bool {
        let isUnrun: Set<JobOutcome> = [.expired, .superseded, .rejected]
        let codes = [ErrorCode.poisoned.rawValue, ErrorCode.nodeLost.rawValue]
        return !isUnrun.contains(result.outcome) && !codes.contains(result.code ?? "")
    }

    static func returned(_ history: History) -> [String] {
        history.hosts.losses.flatMap { loss -> [String] in
            let first = history.results.filter { $0.node == loss.node && isRun($0) }
                .compactMap(\.takenAt).filter { $0 > loss.from }.min()
            guard let first else { return [] }
            let left = gamesLeft(in: loss, history)
            return history.hosts.runs.filter { run in
                run.node == loss.node && run.from < loss.from && left.contains(run.game)
                    && run.to > first.advanced(by: tick)
            }.map {
                "\($0.containerID.short) of \($0.game) ran until \($0.to.rfc3339), but \(loss.node) took a job at "
                    + first.rfc3339
            }
        }
    }

    /// Games that the node no longer owned after the loss: another node began them, or their stop ended `node_lost`.
    private static func gamesLeft(in loss: History.Loss, _ history: History) -> Set<GameID> {
        let starts = Set(history.pushes.filter(\.kind.startsGame).map(\.key))
        return Set(
            history.results.filter { result in
                if result.code == ErrorCode.nodeLost.rawValue { return loss.mayHave(result.finishedAt) }
                guard let taken = result.takenAt, result.node != loss.node else { return false }
                return starts.contains(result.key) && loss.mayHave(taken)
            }.map(\.game)
        )
    }

    static func sideBySide(_ history: History) -> [String] {
        Dictionary(grouping: history.hosts.runs, by: \.game).sorted { $0.key < $1.key }.flatMap { game, runs in
            let sorted = runs.sorted { $0.from < $1.from }
            return sorted.indices.flatMap { index in
                sorted[(index + 1)...].compactMap { problem(of: sorted[index], $0, history) }
            }
        }
    }

    private static func problem(of old: History.Run, _ new: History.Run, _ history: History) -> String? {
        let end = min(old.to, new.to)
        guard new.from < end else { return nil }
        let what = "\(old.containerID.short) on \(old.node) and \(new.containerID.short) on \(new.node) of \(new.game)"
        guard old.node != new.node,
            history.hosts.losses.contains(where: { $0.node == old.node && $0.mayHave(new.from) })
        else { return "\(what) ran at once from \(new.from.rfc3339), and \(old.node) was not lost" }
        guard let contact = history.hosts.contacts[old.node]?.last(where: { $0 < end }) else { return nil }
        guard max(contact, new.from).advanced(by: longestSideBySide) < end else { return nil }
        return "\(what) ran at once until \(end.rfc3339), and \(old.node) was in contact from \(contact.rfc3339)"
    }

    static func adopted(_ history: History) -> [String] {
        history.hosts.losses.flatMap { loss -> [String] in
            guard let until = loss.until else { return [] }
            return history.hosts.runs.compactMap { run in
                guard run.node == loss.node, run.from < loss.from, run.to > until else { return nil }
                let last = history.results.last { $0.game == run.game && $0.finishedAt < until && hasSaid($0) }
                guard let last, last.finishedAt > run.from, ends(last) else { return nil }
                return "\(run.containerID.short) of \(run.game) ran on \(run.node) after its return at "
                    + "\(until.rfc3339), although \(last.id) had ended it"
            }
        }
    }

    /// Whether the result says whether the game runs.
    private static func hasSaid(_ result: History.Result) -> Bool { result.outcome == .succeeded || ends(result) }

    private static func ends(_ result: History.Result) -> Bool {
        let effects: Set<JobEffect> = [.stopped, .removed, .alreadyStopped, .alreadyAbsent]
        return result.code == ErrorCode.nodeLost.rawValue
            || result.outcome == .succeeded && effects.contains(result.effect)
    }

    static func capacity(_ history: History) -> [String] {
        promised(history) + needed(history)
    }

    /// A reservation for a container that has ended does not count: a worker may tell late that it runs.
    private static func promised(_ history: History) -> [String] {
        let ends = Dictionary(history.hosts.runs.map { ($0.containerID, $0.to) }) { max($0, $1) }
        return history.hosts.reservations.compactMap { seen in
            let sum = seen.promises.reduce(0) { $0 + $1.memory }
            guard sum == seen.used else {
                return "\(seen.node) has promised \(sum) bytes, and Redis counts \(seen.used)"
            }
            let needed = seen.promises.filter { $0.containerID.map { ends[$0] ?? seen.at >= seen.at } ?? true }
            let memory = needed.reduce(0) { $0 + $1.memory }
            let what = "\(seen.node) had \(needed.count) games with \(memory) bytes at \(seen.at.rfc3339)"
            if seen.slots > 0, needed.count > seen.slots { return "\(what), and \(seen.slots) slots" }
            return seen.capacity > 0 && memory > seen.capacity ? "\(what), and \(seen.capacity) bytes" : nil
        }
    }

    /// What the containers that ran at once needed.
    private static func needed(_ history: History) -> [String] {
        history.hosts.runs.compactMap { run in
            guard let limit = history.hosts.reservations.last(where: { $0.node == run.node }) else { return nil }
            let others = history.hosts.runs.filter { $0.node == run.node && $0.from <= run.from && run.from <= $0.to }
            let sum = others.reduce(0) { $0 + $1.memory }
            let isTooMuch = limit.capacity > 0 && sum > limit.capacity || limit.slots > 0 && others.count > limit.slots
            guard isTooMuch else { return nil }
            return "\(others.count) containers with \(sum) bytes ran on \(run.node) at \(run.from.rfc3339), which has "
                + "\(limit.slots) slots and \(limit.capacity) bytes"
        }
    }
}

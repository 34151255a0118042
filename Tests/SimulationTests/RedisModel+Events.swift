import JobContract
import Primitives

@testable import JobQueue
@testable import Models
@testable import Support

extension RedisModel {
    /// nil: fenced.
    mutating func emit(
        _ updates: [LifecycleUpdate],
        epoch: Int64,
        cursor: String?,
        by caller: Caller,
        at time: Int64
    ) -> [EmitResult]? {
        let now = begin(at: time)
        let node = caller.node
        guard leads(caller, epoch) || mutation == .emitWithoutFence else { return nil }
        let answers = updates.map { update -> EmitResult in
            let id = update.containerID
            let last = checkpoints[node]?[id] ?? ""
            if last.isEmpty, endedLifecycles[node]?.contains(id) == true { return .ended }
            guard last == update.expectedCheckpoint || mutation == .unmarkedEmit else {
                return .conflict(checkpoint: last)
            }
            events += update.entries.map { History.Event($0, node: node, epoch: epoch) }
            if update.newCheckpoint.isEmpty {
                checkpoints[node]?[id] = nil
                endedLifecycles[node, default: []].insert(id)
            } else {
                checkpoints[node, default: [:]][id] = update.newCheckpoint
            }
            begun[node]?[id] = nil
            let isRunning = update.newCheckpoint.hasPrefix("s")
            if !isRunning { notes[node]?[id] = nil }
            if isRunning, !isReservedForAnother(id, of: update.gameID, on: node) {
                let demand = update.demand ?? options.defaultDemand
                lanes.setReservation(update.gameID, demand, on: node, isBusy: lanes.isBusy(update.gameID))
                holders[node, default: [:]][update.gameID] = id
            } else if !isRunning, !update.gameID.isEmpty, !lanes.isBusy(update.gameID) {
                // A reservation for another container stays.
                if holders[node]?[update.gameID] ?? id == id { lanes.free(update.gameID, on: node) }
            }
            return .published
        }
        if let cursor { leaders[node]?.cursor = cursor }
        settle(at: now)
        return answers
    }

    /// What `is_over` in containers.lua does.
    func isOver(_ id: ContainerID, on node: NodeID) -> Bool {
        guard mutation != .staleReservation else { return false }
        return endedLifecycles[node]?.contains(id) == true || notes[node]?[id]?.exit != nil
    }

    /// What `is_for_another`, `is_over` and `is_stopped` in containers.lua do.
    private func isReservedForAnother(_ id: ContainerID, of game: GameID, on node: NodeID) -> Bool {
        if isOver(id, on: node) || mutation != .staleReservation && notes[node]?[id]?.isForced != nil { return true }
        guard let other = holders[node]?[game], other != id, mutation != .staleReservation else { return false }
        let hasEnded = endedLifecycles[node]?.contains(other) == true
        return !hasEnded && checkpoints[node]?[other]?.hasPrefix("s") ?? true
    }

    @discardableResult
    mutating func record(_ note: ContainerNote, of id: ContainerID, by caller: Caller, at time: Int64) -> String? {
        _ = begin(at: time)
        let node = caller.node
        let checkpoint = checkpoints[node]?[id]
        if checkpoint == nil, endedLifecycles[node]?.contains(id) == true { return nil }
        asked = asked.filter { lanes.jobs[$0.key] != nil }
        switch note {
        case .started(let text): if checkpoint == nil { begun[node, default: [:]][id] = text }
        case .asked(let job, let text):
            let before = asked[job].flatMap { $0.container == id ? $0.text : nil }
            if before == nil, lanes.jobs[job] != nil { asked[job] = (id, text) }
            notes[node, default: [:]][id, default: ContainerNotes()].asked = before ?? text
            return before
        case .forced(let isForced):
            if notes[node]?[id]?.asked != nil { notes[node]?[id]?.isForced = isForced }
        case .exit(let text):
            if checkpoint == nil || checkpoint?.hasPrefix("s") == true {
                notes[node, default: [:]][id, default: ContainerNotes()].exit = text
            }
        }
        return nil
    }

    func notes(of ids: [ContainerID], on node: NodeID) -> [ContainerID: ContainerNotes] {
        var found: [ContainerID: ContainerNotes] = [:]
        for id in ids {
            found[id] = notes[node]?[id] ?? ContainerNotes()
            found[id]?.started = begun[node]?[id]
        }
        return found
    }

    /// Answers false where another leads.
    mutating func correctReservations(
        free: [GameID],
        taken: [GameID: RunningGame],
        epoch: Int64,
        by caller: Caller,
        at time: Int64
    ) -> Bool {
        let now = begin(at: time)
        guard leads(caller, epoch) else { return false }
        for game in free where !lanes.isBusy(game) { lanes.free(game, on: caller.node) }
        for (game, running) in taken where !isOver(running.containerID, on: caller.node) {
            lanes.setReservation(game, running.demand, on: caller.node, isBusy: lanes.isBusy(game))
            holders[caller.node, default: [:]][game] = running.containerID
        }
        settle(at: now)
        return true
    }

    func mayHaveMade(_ container: ContainerID, job: JobID, game: GameID) -> Bool {
        if let live = lanes.jobs[job] { return live.message.kind.startsGame && live.message.game == game }
        guard let result = results.last(where: { $0.id == job && $0.game == game }) else { return false }
        return result.containerID.map { $0 == container } ?? true
    }

    func facts(_ game: GameID, _ job: JobID) -> GameFacts {
        GameFacts(
            owner: lanes.owners[game],
            fence: lanes.fences[game] ?? 0,
            isBusy: lanes.states[game] == .active,
            isJobLive: lanes.jobs[job] != nil
        )
    }

    /// What is left of live jobs, each in words.
    var leftovers: [String] {
        var found = lanes.lanes.keys.sorted().map { "lane of \($0)" }
        for (count, what) in [
            (lanes.states.count, "lanes"), (leases.count, "lease"), (delays.count, "delay"),
            (lanes.superseded.count, "superseded"), (lanes.jobs.count, "live jobs"),
        ] where count != 0 {
            found.append("\(count) in \(what)")
        }
        return found
    }
}

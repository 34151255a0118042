import JobContract
import JobQueue
import Primitives

extension LaneModel {
    /// A worker that waits at the queue is woken by its oldest message that has woken none. Returns that message.
    mutating func wake(at queue: String) -> Message? {
        let woken = inbox[queue, default: 0]
        guard let messages = queues[queue], messages.count > woken else { return nil }
        inbox[queue] = woken + 1
        return messages[woken]
    }

    /// Takes in the oldest messages.
    ///
    /// - Parameter most: The number of messages that the caller has read. Messages of the inbox are taken alone.
    /// - Returns: The number of messages taken in, and whether the window was full; nil if the queue is paused.
    mutating func intake(_ queue: String, most: Int = JobQueue.intakeBatch) -> (taken: Int, isFull: Bool)? {
        if paused.contains(queue) { return nil }
        let woken = inbox[queue, default: 0]
        var taken = 0
        for message in queues[queue, default: []].prefix(woken > 0 ? min(most, woken) : most) {
            let known = jobs[message.id]?.message ?? ended[message.id]
            let verdictOfKnown = known.map { message.asksForTheSame(as: $0) ? Verdict.drop : .reused }
            guard let verdict = verdictOfKnown ?? verdict(message) else { return (taken, true) }
            taken += 1
            take(message, queue, verdict)
        }
        return (taken, false)
    }

    private enum Verdict { case drop, reused, place, reject }

    /// Nil: the window is full.
    private func verdict(_ message: Message) -> Verdict? {
        if message.isInvalid { return .reject }
        return live < (message.startsGame ? mostForStarts : mostLive) ? .place : nil
    }

    private mutating func take(_ message: Message, _ queue: String, _ verdict: Verdict) {
        queues[queue]?.removeFirst()
        inbox[queue] = max(0, inbox[queue, default: 0] - 1)
        switch verdict {
        case .drop: break
        case .reused: letters.append(Letter(message: message, queue: queue, run: 1, isReused: true))
        case .reject:
            ended[message.id] = message
            results.append(Result(id: message.id, outcome: .rejected, code: "unknown_kind", run: 1))
            letters.append(Letter(message: message, queue: queue, run: 1))
        case .place: place(message, queue: queue)
        }
    }

    /// Answers what was leased: id and attempt.
    mutating func claim(
        worker: String,
        node: NodeID,
        starts: Int,
        stops: Int,
        queues names: [String]
    ) -> [(id: JobID, attempt: Int)] {
        var claimed: [(id: JobID, attempt: Int)] = []
        if lostNodes.contains(node) || disowned[node]?.isEmpty == false { return [] }
        var left = ["stop": stops, "start": starts]
        var before: Int
        repeat {
            before = ended.count + ghosts
            for kind in ["stop", "start"] {
                for name in names where !paused.contains(name) {
                    for list in ["\(kind):\(name):\(node)", "\(kind):\(name)"] {
                        if kind == "stop", !untold.isEmpty, !list.hasSuffix(node.text) { continue }
                        let jobs = drain(list, left[kind] ?? 0, worker, node)
                        left[kind]? -= jobs.count
                        claimed += jobs
                    }
                }
            }
            // A head that ended may have made way for a job on a list that was drained before.
        } while ended.count + ghosts > before
        return claimed
    }

    /// Whether the head of the lane only waits to be told that its time is over.
    func isLate(_ game: GameID) -> Bool {
        guard let job = lanes[game]?.first.flatMap({ jobs[$0] }) else { return false }
        return job.message.isExpired && job.run == 1 && !job.isDirty
    }

    /// Whether the head of the lane needs no capacity, because it only ends or its record is gone.
    private func endsHere(_ game: GameID) -> Bool {
        isLate(game) || lanes[game]?.first.map(lost.contains) == true
    }

    mutating func drain(
        _ list: String,
        _ most: Int,
        _ worker: String,
        _ node: NodeID
    ) -> [(id: JobID, attempt: Int)] {
        var claimed: [(id: JobID, attempt: Int)] = []
        var hasMore = true
        while hasMore {
            hasMore = false
            // A lane that comes back onto the list waits for the next turn.
            for entry in ready[list, default: []].prefix(min(64, most - claimed.count + 8)) {
                guard claimed.count < most else { return claimed }
                guard mayBegin(entry.game, list, node) else { continue }
                hasMore = true
                unready(entry.game)
                if let job = begin(entry.game, worker, node) { claimed.append(job) }
            }
        }
        return claimed
    }

    private func mayBegin(_ game: GameID, _ list: String, _ node: NodeID) -> Bool {
        guard !list.hasPrefix("stop"), !endsHere(game), let job = lanes[game]?.first.flatMap({ jobs[$0] }) else {
            return true
        }
        return fits(game, needs(job, on: node), on: node)
    }

    mutating func raise(_ game: GameID, _ fence: Int64) {
        if fence > fences[game] ?? 0 { fences[game] = fence }
    }

    private mutating func disown(_ game: GameID, _ node: NodeID) { disowned[node, default: []].insert(game) }

    /// The ending of a head that must not run.
    private func ending(of job: LiveJob) -> (outcome: JobOutcome, code: String?)? {
        let isLost = owners[job.message.game].map(lostNodes.contains) ?? false
        if job.isDirty, !isLost { return nil }
        if job.isDirty, job.isPoisoned { return (.failed, "poisoned") }
        if isPointless(job) { return (.superseded, nil) }
        if job.message.isExpired, job.run == 1, !job.isDirty { return (.expired, nil) }
        return isLost && !job.message.startsGame ? (.failed, "node_lost") : nil
    }

    mutating func begin(_ game: GameID, _ worker: String, _ node: NodeID) -> (id: JobID, attempt: Int)? {
        guard let id = lanes[game]?.first, var job = jobs[id] else {
            settle(game)
            return nil
        }
        if let ending = ending(of: job) {
            if let owner = owners[game], ending.code == "node_lost" || job.isDirty { disown(game, owner) }
            end(id, ending.outcome, ending.code)
            settle(game)
            return nil
        }
        // The node of the game was lost when the lane was put on a list of all nodes, and has returned.
        if let owner = owners[game], owner != node, !lostNodes.contains(owner) {
            settle(game)
            return nil
        }
        job.state = .running
        job.attempts += 1
        (job.worker, job.node, job.reserves) = (worker, node, false)
        states[game] = .active
        if job.message.startsGame {
            if owners[game] != node { job.owns = true }
            if let owner = owners[game], owner != node { disown(game, owner) }
            if owners[game] != node { raise(game, claimFence) }
            owners[game] = node
            if !isPointless(job) {
                job.heldBefore = reserved[node]?[game]
                job.reserves = true
                hold(game, needs(job, on: node), on: node)
            }
        }
        jobs[id] = job
        return (id, job.attempts)
    }

    mutating func finish(
        _ id: JobID,
        _ outcome: JobOutcome,
        _ code: String?,
        owner: OwnerChange,
        frees: Bool,
        started: Demand? = nil,
        fence: Int64 = 0,
        node: NodeID
    ) {
        guard let job = jobs[id] else { return }
        end(id, outcome, code)
        if owner == .clear || owner == .undo && job.owns, owners[job.message.game] == node {
            owners[job.message.game] = nil
            fences[job.message.game] = nil
        }
        if let started {
            setReservation(job.message.game, started, on: node)
            if owners[job.message.game] == node { raise(job.message.game, fence) }
        }
        if frees { free(job.message.game, on: node) }
        settle(job.message.game)
    }

    mutating func retry(_ id: JobID, frees: Bool, isClean: Bool, node: NodeID) {
        guard var job = jobs[id] else { return }
        if frees { free(job.message.game, on: node) }
        let isClean = isClean && !job.isPoisoned
        job.isDirty = !isClean
        // Of a superseded job nothing is kept.
        if isClean, frees, !isPointless(job), job.owns {
            job.owns = false
            if owners[job.message.game] == node { (owners[job.message.game], fences[job.message.game]) = (nil, nil) }
        }
        if isClean, isPointless(job) {
            end(id, .superseded)
            return settle(job.message.game)
        }
        job.state = .retrying
        (job.worker, job.isCancelled) = (nil, false)
        jobs[id] = job
        states[job.message.game] = .delayed
    }

    mutating func release(_ id: JobID, isClean: Bool, restores: Bool = true, node: NodeID) {
        if isClean, restores, jobs[id]?.isDirty == false {
            disclaim(id, on: node)
            restore(id, on: node)
        }
        guard var job = jobs[id] else { return }
        job.state = .waiting
        job.attempts -= 1
        if !isClean { job.isDirty = true }
        (job.worker, job.isCancelled) = (nil, false)
        jobs[id] = job
        settle(job.message.game)
    }

    mutating func leaseLapsed(_ id: JobID) {
        guard var job = jobs[id] else { return }
        job.crashes += 1
        job.isDirty = true
        job.state = .waiting
        (job.worker, job.isCancelled) = (nil, false)
        job.isPoisoned = job.crashes >= crashLimit && job.message.startsGame
        jobs[id] = job
        if job.crashes >= (job.isPoisoned ? 2 * crashLimit : crashLimit) {
            end(id, .failed, "poisoned")
        }
        settle(job.message.game)
    }

    mutating func retryDue(_ id: JobID) {
        guard let game = jobs[id]?.message.game else { return }
        jobs[id]?.state = .waiting
        settle(game)
    }

    /// Ends the waiting heads whose deadline has passed. Heads that come up behind them wait for the next sweep.
    mutating func expireLate() {
        let late = states.compactMap { game, state in
            state != .active && isLate(game) ? lanes[game]?.first.map { (id: $0, game: game) } : nil
        }
        for (id, game) in late.sorted(by: { $0.id < $1.id }) {
            unready(game)
            end(id, jobs[id].map(isPointless) == true ? .superseded : .expired)
            settle(game)
        }
    }

    /// The node has been silent for the grace. Its waiting lanes move to the lists of all nodes.
    mutating func lose(node: NodeID) {
        lostNodes.insert(node)
        reserved[node] = [:]
        // The stops of all queues move first: behind a stop whose record is lost, a start may come up.
        let lists = ready.keys.filter { $0.hasSuffix(":\(node)") }
        func isStart(_ list: String) -> Bool { list.hasPrefix("start:") }
        for list in lists.filter({ !isStart($0) }).sorted() + lists.filter(isStart).sorted() {
            for entry in ready[list, default: []] {
                unready(entry.game)
                settle(entry.game)
            }
        }
    }

    /// A worker of the node shows itself.
    mutating func seen(_ node: NodeID) {
        if lostNodes.contains(node) || deposed.contains(node) { untold.insert(node) }
    }

    /// Whether the node owns a game with another owner, because its container is newer.
    private mutating func wins(_ announced: OwnedGame, _ owner: NodeID, _ node: NodeID) -> Bool {
        guard comparesFences else { return false }
        let fence = fences[announced.gameID] ?? 0
        if announced.fence > fence {
            disown(announced.gameID, owner)
            deposed.insert(owner)
            return true
        }
        if announced.fence < fence, announced.isRunning { disown(announced.gameID, node) }
        return false
    }

    /// Returns the games that the node has to stop first.
    ///
    /// - Parameter isOver: What is known to have ended, although an old list says that it runs.
    @discardableResult
    mutating func join(
        node: NodeID,
        games: [OwnedGame],
        stopped: [GameID] = [],
        isOver: (ContainerID) -> Bool = { _ in false }
    ) -> Set<GameID> {
        disowned[node]?.subtract(stopped)
        for announced in games {
            let game = announced.gameID
            if disowned[node]?.contains(game) == true { continue }
            if let owner = owners[game], owner != node, !wins(announced, owner, node) { continue }
            let isNew = owners[game] != node
            owners[game] = node
            raise(game, announced.fence)
            let mayRun = announced.isRunning && !(announced.running.map { isOver($0.containerID) } ?? false)
            if mayRun, reserved[node]?[game] == nil {
                setReservation(game, announced.running?.demand ?? defaultDemand, on: node)
            }
            if isNew, case .ready = states[game] {
                unready(game)
                settle(game)
            }
        }
        let mustStop = disowned[node] ?? []
        if mustStop.isEmpty {
            untold.remove(node)
            deposed.remove(node)
            lostNodes.remove(node)
        }
        seen(node)
        return mustStop
    }
}

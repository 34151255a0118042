import QueueAdmin
import JobContract
import Primitives
import Redis
import Testing

@testable import JobQueue
@testable import Models
@testable import Support

extension ModelRun {
    /// Ends one to three jobs of a worker in one call, now and then beside an old token of the same job, or twice.
    mutating func finish() async throws {
        guard let first = take() else { return }
        let (worker, node) = (first.worker, first.node)
        var jobs = [first.job]
        let others = held.indices.filter { held[$0].worker == worker }.prefix(Int.random(in: 0...2, using: &random))
        for index in others.reversed() {
            let other = held.remove(at: index).job
            stale.append((other, worker))
            jobs.append(other)
        }
        var batch: [FinishedJob] = []
        var expected: [FinishAnswer] = []
        if let old = stale.first(where: { $0.job.id == first.job.id && $0.job.token != first.job.token }) {
            batch.append(QueueWorld.finished(old.job))
            expected.append(.stale)
        }
        for job in jobs {
            let (ending, owner, frees) = Self.endings.randomElement(using: &random) ?? Self.endings[0]
            let container = ending.effect == .started && Bool.random(using: &random) ? Self.container(&random) : nil
            note("\(worker) finishes \(job.id): \(ending.outcome) \(ending.effect) \(owner) \(frees)")
            batch.append(QueueWorld.finished(job, ending, owner: owner, freesReservation: frees, started: container))
            expected.append(.ok)
            let code = ending.errorCode?.rawValue
            model.finish(
                job.id,
                ending.outcome,
                code,
                owner: owner,
                frees: frees,
                started: container?.demand,
                fence: job.token.fence,
                node: node
            )
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            batch.append(QueueWorld.finished(first.job))
            expected.append(.again)
        }
        try agree(try await queue(worker).finish(batch).answers, expected, "finish")
    }

    private static func container(_ random: inout SeededGenerator) -> StartedContainer {
        StartedContainer(containerID: "c", checkpoint: "x", demand: demand(&random))
    }

    private static func demand(_ random: inout SeededGenerator) -> Demand {
        Demand(cpu: 1_000, memory: Int64.random(in: 1...20, using: &random) * 100 << 20)
    }

    /// A start learns what its image asks for.
    mutating func reserve() async throws {
        let starts = held.indices.filter {
            held[$0].job.undo == nil && model.jobs[held[$0].job.id]?.message.startsGame == true
        }
        guard let index = starts.randomElement(using: &random) else { return }
        let (job, worker, node) = held[index]
        let demand = Self.demand(&random)
        let answer = try await queue(worker).reserve(demand, for: job.held)
        let hasCapacity = model.reserve(job.id, demand, on: node)
        note("\(worker) reserves \(demand.text) for \(job.id): \(answer)")
        try agree(answer, hasCapacity ? .ok : .full, "reserve")
        if !hasCapacity { _ = take(index) }
    }

    mutating func retry() async throws {
        guard let (job, worker, node) = take() else { return }
        let frees = Bool.random(using: &random)
        let isClean = Bool.random(using: &random)
        note("\(worker) will retry \(job.id)")
        let isOurs = try await queue(worker).retry(
            job.held,
            after: FailedAttempt(
                pause: .seconds(36_000),
                code: .timeout,
                error: "x",
                reservation: ReservationChange(frees: frees),
                remains: Remains(possible: !isClean)
            )
        )
        try agree(isOurs, true, "retry")
        model.retry(job.id, frees: frees, isClean: isClean, node: node)
    }

    mutating func release() async throws {
        guard let (job, worker, node) = take() else { return }
        let isClean = Bool.random(using: &random)
        note("\(worker) releases \(job.id)")
        try await queue(worker).release([job.held], remains: Remains(possible: !isClean))
        model.release(job.id, isClean: isClean, node: node)
    }

    /// Once, or often enough in a row that a job is undone or given up for it.
    mutating func lapses() async throws {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return try await lapse() }
        for _ in 0..<8 {
            try await lapse()
            try await claim()
        }
    }

    mutating func lapse() async throws {
        let worst = held.indices.max { crashes(held[$0].job) < crashes(held[$1].job) }
        guard let (job, _, _) = take(Bool.random(using: &random) ? worst : nil) else { return }
        note("the lease of \(job.id) lapses")
        try await tick(job.id, on: "leases")
        model.leaseLapsed(job.id)
        model.expireLate()
    }

    func crashes(_ job: ClaimedJob) -> Int { model.jobs[job.id]?.crashes ?? 0 }

    mutating func becomeDue() async throws {
        let delayed = model.jobs.filter { $0.value.state == .retrying }.keys.sorted()
        guard let id = delayed.randomElement(using: &random) else { return }
        // One that a stop has made pointless waits for its end already.
        guard model.states[model.jobs[id]?.message.game ?? ""] == .delayed else { return }
        note("the retry of \(id) is due")
        try await tick(id, on: "delayed")
        model.retryDue(id)
        model.expireLate()
    }

    /// Deletes the hash of a job that waits or is to be tried again.
    mutating func loseRecord() async throws {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return }
        // A message of the same id that still waits would be another job in the same lane.
        let waiting = Set(model.queues.values.joined().map(\.id))
        let ids = model.jobs.filter { $0.value.state != .running && !waiting.contains($0.key) }.keys.sorted()
        guard let id = ids.randomElement(using: &random), let job = model.jobs[id] else { return }
        note("the record of \(id) is lost")
        _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.job(id))))
        model.lose(id)
        // A node may have looked at this head: it looks again after a minute.
        for node in ["n1", "n2"] {
            _ = try await world.client.send(RedisCommand("HDEL", .string(world.keys.prefix + "node:" + node), "unfit"))
        }
        let game = job.message.game
        guard model.states[game] == .delayed, model.lanes[game]?.first == id else { return }
        try await tick(id, on: "delayed", moves: 0)
        model.settle(game)
        model.expireLate()
    }

    /// Makes `id` due on a time list, and lets a worker look.
    mutating func tick(_ id: JobID, on list: String, moves: Int = 1) async throws {
        let key = RedisArgument.string(world.keys.prefix + list)
        _ = try await world.client.send(RedisCommand("ZADD", key, "XX", 0, .string(id.text)))
        var options = world.options
        // A pause of the machine must not look like an outage of Redis, after which leases are left alone.
        options.lease = .zero
        let outcome = try await world.worker("w1", options: options).sweep()
        model.seen("n1")
        try agree(outcome.retriesDue + outcome.leasesReclaimed + outcome.poisoned, moves, "due")
    }

    mutating func beat() async throws {
        let (worker, node, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let jobs = held.filter { $0.worker == worker }.map(\.job)
        note("\(worker) beats")
        let outcome = try await queue(worker).extend(
            jobs.map { $0.held },
            docker: .answers
        )
        try agree(outcome.answers, jobs.map { model.jobs[$0.id]?.isCancelled == true ? .cancel : .ok }, "beat")
        model.seen(node)
        try agree(outcome.mustAnnounce, model.lostNodes.contains(node) || model.deposed.contains(node), "announces")
    }

    mutating func pauseOrResume() async throws {
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        note("pause or resume \(name)")
        if model.paused.remove(name) != nil {
            try agree(try await queue("w1").resume(queue: name), true, "resume")
        } else {
            model.paused.insert(name)
            try agree(try await queue("w1").pause(queue: name), true, "pause")
        }
    }

    mutating func join() async throws {
        let (worker, node, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let games = Self.games.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            .map { game in
                let fence = Int.random(in: 0..<8, using: &random) == 0 ? LaneModel.newest : 0
                let running =
                    Bool.random(using: &random)
                    ? RunningGame(containerID: "c", demand: Self.demand(&random)) : nil
                return OwnedGame(gameID: game, isRunning: Bool.random(using: &random), fence: fence, running: running)
            }
        let stopped = (model.disowned[node] ?? []).sorted().filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
        note("\(worker) joins with \(games), has stopped \(stopped)")
        let mustStop = try await queue(worker).announce(games, stopped: stopped)
        try agree(Set(mustStop), model.join(node: node, games: games, stopped: stopped), "games to stop")
    }

    /// Makes a node silent for longer than the grace, and lets a worker of the other node sweep.
    mutating func loseNode() async throws {
        let isFirst = Bool.random(using: &random)
        let (node, sweeper): (NodeID, (String, NodeID)) = isFirst ? ("n1", ("w3", "n2")) : ("n2", ("w1", "n1"))
        guard !model.lostNodes.contains(node) else { return }
        note("\(node) is lost")
        let nodes = RedisArgument.string(world.keys.prefix + "nodes")
        _ = try await world.client.send(RedisCommand("ZADD", nodes, 1, .string(node.text)))
        _ = try await world.client.send(RedisCommand("SET", .string(world.keys.liveness), "renewed"))
        try await world.set("resumed_at", "1")
        _ = try await world.worker(sweeper.0, node: sweeper.1).sweep(docker: .away, after: .none)
        model.seen(sweeper.1)
        model.expireLate()
        model.lose(node: node)
    }

    mutating func requeue() async throws {
        guard let index = model.letters.indices.randomElement(using: &random) else { return }
        let letter = model.letters[index]
        let real = try await queue("w1").deadLetters(limit: 10_000).reversed()[index]
        try agree(real.jobID, letter.message.id, "dead letter")
        if letter.isReused, !letter.message.isInvalid {
            guard case .job(let job) = JobDecoder().decode(real.message) else { throw Overdue("\(real) is no job") }
            try agree(try await queue("w1").retry(real, as: job), .reused, "requeue of a reused id")
        }
        if letter.message.isInvalid || letter.isReused || Bool.random(using: &random) {
            note("drop \(letter.message.id)")
            try agree(try await queue("w1").drop(real), .ok, "drop")
            model.letters.remove(at: index)
            return
        }
        note("requeue \(letter.message.id)")
        guard case .job(let job) = JobDecoder().decode(real.message) else { throw Overdue("\(real) is no job") }
        let isLive = model.jobs[letter.message.id] != nil
        try agree(try await queue("w1").retry(real, as: job), isLive ? .live : .ok, "requeue")
        guard !isLive else { return }
        model.letters.remove(at: index)
        var message = letter.message
        message.isExpired = false
        model.ended[message.id] = nil
        model.place(message, queue: letter.queue, run: letter.run + 1)
    }

    /// A zombie changes nothing, whatever it tries.
    mutating func useStaleToken() async throws {
        guard let (job, worker) = stale.randomElement(using: &random) else { return }
        note("\(worker) tries \(job.id) with a token of the past")
        let beat = try await queue(worker).extend([job.held], docker: .answers)
        for (name, node, _) in Self.workers where name == worker { model.seen(node) }
        try agree(beat.answers, [.lost], "beat of a zombie")
        let finished = try await world.finish(queue(worker), job)
        if finished != .stale { try agree(finished, .again, "finish of a zombie") }
        let retried = try await queue(worker).retry(
            job.held,
            after: FailedAttempt(pause: .zero, code: .timeout, error: "x")
        )
        try agree(retried, false, "retry of a zombie")
        try await queue(worker).release([job.held])
        let answer = try await queue(worker).reserve(Demand(cpu: 1, memory: 1), for: job.held)
        try agree(answer, .stale, "reserve of a zombie")
    }
}

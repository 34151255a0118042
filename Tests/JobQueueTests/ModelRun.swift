import QueueAdmin
import JobContract
import Redis
import Testing

@testable import JobQueue
@testable import Support

/// One run of random operations on the real scripts and on the model, which must agree after each.
///
/// Time is left out: leases last for hours, and what has to lapse or become due is made so by hand.
struct ModelRun {
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    static let games = (1...7).map { "g\($0)" }
    static let queueNames = ["high", "low"]
    /// Worker, node, and how many games the node may run.
    static let workers = [("w1", "n1", 0), ("w2", "n1", 0), ("w3", "n2", 2), ("w4", "n2", 2)]

    let world: QueueWorld
    var model: LaneModel
    var random: SeededGenerator
    private var queues: [String: JobQueue] = [:]
    /// What runs, by id, and who runs it.
    private var held: [(job: ClaimedJob, worker: String, node: String)] = []
    /// Tokens that were replaced or used up.
    private var stale: [(job: ClaimedJob, worker: String)] = []
    /// The oldest messages of the queues, as a call has seen them.
    private var seenBefore: [String: SeenMessages] = [:]
    private var nextID = 0
    private var lastOperations: [String] = []

    init(_ world: QueueWorld, seed: UInt64) {
        self.world = world
        random = SeededGenerator(seed: seed)
        model = LaneModel(world.options)
        for (worker, node, _) in Self.workers { queues[worker] = world.worker(worker, node: node) }
    }

    mutating func begin() async throws {
        // As if the namespace were old: nobody waits for nodes that may still come.
        try await world.set("state", QueueWorld.oldState)
        for (worker, node, _) in Self.workers {
            try await queue(worker).join(games: [])
            model.join(node: node, games: [])
        }
    }

    mutating func run(operations: Int) async throws {
        for number in 0..<operations {
            do {
                try await step()
                if number % 40 == 0 { try await compareAll() }
            } catch {
                throw Disagreement(
                    description: "operation \(number): \(error)\nbefore it:\n\(lastOperations.joined(separator: "\n"))"
                )
            }
        }
        try await compareAll()
    }

    private func queue(_ worker: String) -> JobQueue { queues[worker] ?? world.worker(worker) }

    private mutating func note(_ text: String) {
        lastOperations.append(text)
        if lastOperations.count > 30 { lastOperations.removeFirst() }
    }

    private mutating func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: try await push()
        case 30..<38: try await intake()
        case 38..<48: try await takeIn()
        case 48..<68: try await claim()
        case 68..<81: try await finish()
        case 81: try await loseRecord()
        case 82..<86: try await retry()
        case 86..<88: try await release()
        case 88..<90: try await lapses()
        case 90..<94: try await becomeDue()
        case 94: try await beat()
        case 95: try await pauseOrResume()
        case 96: try await join()
        case 97: try await requeue()
        case 98: try await useStaleToken()
        default: model.noRoom = Bool.random(using: &random)
        }
    }

    // MARK: Operations

    private mutating func push() async throws {
        var message = LaneModel.Message(
            id: "j\(nextID)",
            kind: [.start, .start, .start, .stop, .remove, .restart].randomElement(using: &random) ?? .start,
            game: Self.games.randomElement(using: &random) ?? "g1"
        )
        nextID += 1
        let dice = Int.random(in: 0..<20, using: &random)
        if dice == 0 {
            let known: JobID = "j\(Int.random(in: max(0, nextID - 30)..<nextID, using: &random))"
            if !model.lost.contains(known) { message.id = known }
        }
        message.isExpired = dice == 1
        message.isGuarded = !message.startsGame && (2..<5).contains(dice)
        message.force = message.kind == .remove && dice > 10
        message.isInvalid = dice == 5
        // Now and then the very same job again, but for its deadline.
        if dice == 0, let known = model.jobs[message.id]?.message ?? model.ended[message.id],
            Bool.random(using: &random)
        {
            message = known
            if !known.isInvalid { message.isExpired = Bool.random(using: &random) }
        }
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        note("push \(message) to \(name)")
        model.queues[name, default: []].append(message)
        try await world.push(Self.json(message), queue: name)
    }

    static func json(_ message: LaneModel.Message) -> String {
        var more = ""
        if message.kind == .restart { more += #","image":"engine:1""# }
        if message.isExpired { more += #","deadline":"2020-01-01T00:00:00Z""# }
        if message.isGuarded { more += #","container_id":"\#(String(repeating: "a", count: 64))""# }
        if message.force { more += #","force":true"# }
        let text = QueueWorld.message(message.kind, message.id, game: message.game, more: more)
        return message.isInvalid ? text.replacing(#""kind":"\#(message.kind.rawValue)""#, with: #""kind":"fly""#) : text
    }

    private mutating func intake() async throws {
        let (worker, _, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        note("intake of \(name) by \(worker), no room: \(model.noRoom)")
        try await world.set("no_room_at", model.noRoom ? "9000000000000" : "0")
        let outcome = try await world.intake(queue(worker), from: name)
        guard let expected = model.intake(name) else {
            return try agree(outcome.isPaused, true, "paused")
        }
        try agree(outcome.taken, expected.taken, "taken")
        try agree(outcome.isFull, expected.isFull, "full")
    }

    private mutating func claim() async throws {
        let (worker, node, slots) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let starts = Int.random(in: 0...3, using: &random)
        let stops = Int.random(in: 0...3, using: &random)
        note("claim by \(worker): \(starts) starts, \(stops) stops")
        let jobs = try await world.claim(queue(worker), starts: starts, stops: stops, slots: slots)
        try claimed(jobs, Capacity(starts: starts, stops: stops, slots: slots), worker, node)
    }

    /// Takes the oldest messages in and claims what is ready then, in one call, after the model did so in two.
    private mutating func takeIn() async throws {
        let (worker, node, slots) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        let starts = Int.random(in: 0...4, using: &random)
        let stops = Int.random(in: 0...4, using: &random)
        let most = Int.random(in: 1...6, using: &random)
        let ahead = Int.random(in: 0...4, using: &random)
        note("\(worker) takes \(most) of \(name), then \(ahead), for \(starts) starts, \(stops) stops")
        try await world.set("no_room_at", model.noRoom ? "9000000000000" : "0")
        let decoder = JobDecoder()
        let capacity = Capacity(starts: starts, stops: stops, slots: slots)
        let seen = seenBefore.removeValue(forKey: name) ?? SeenMessages()
        let known = seen.rows.prefix(most).compactMap(\.string)
        // Others may have taken some of them since.
        let same = zip(known, (model.queues[name] ?? []).map(Self.json)).prefix { $0 == $1 }.count
        let taken = try await queue(worker)
            .take(queue: name, seen: seen, most: most, claiming: capacity, ahead: ahead) { decoder.decode($0) }
        let outcome = try taken.intake.get()
        let expected =
            seen.isEmpty
            ? model.intake(name, most: most) : model.intake(name, most: same, isFromOverflow: false)
        try agree(outcome.isPaused, expected == nil, "paused")
        try agree(outcome.taken, expected?.taken ?? 0, "taken")
        try agree(outcome.isFull, expected?.isFull ?? false, "full")
        if !taken.ahead.isEmpty {
            let messages = (model.queues[name] ?? []).prefix(taken.ahead.rows.count)
            try agree(taken.ahead.rows.compactMap(\.string), messages.map(Self.json), "ahead")
            seenBefore[name] = taken.ahead
        }
        if outcome.isEmptied { try agree(model.queues[name] ?? [], [], "emptied") }
        if let claimed = taken.claimed { try self.claimed(claimed.jobs, capacity, worker, node) }
    }

    private mutating func claimed(
        _ jobs: [ClaimedJob],
        _ capacity: Capacity,
        _ worker: String,
        _ node: String
    ) throws {
        let expected = model.claim(
            worker: worker,
            node: node,
            starts: capacity.starts,
            stops: capacity.stops,
            slots: capacity.slots,
            queues: Self.queueNames
        )
        try agree(jobs.map { "\($0.id) \($0.attempt)" }, expected.map { "\($0.id) \($0.attempt)" }, "claimed")
        for job in jobs {
            try agree(job.undo, model.undo(job.id), "why \(job.id) is only undone")
            try agree(job.run, model.jobs[job.id]?.run ?? 0, "run of \(job.id)")
        }
        for job in jobs {
            // A lane has one running job at a time.
            let game = model.jobs[job.id]?.message.game
            try agree(
                held.filter { model.jobs[$0.job.id]?.message.game == game }.count,
                0,
                "running jobs of \(game ?? "")"
            )
            held.append((job, worker, node))
        }
    }

    /// - Parameter chosen: which of those that are held; nil: any.
    private mutating func take(_ chosen: Int? = nil) -> (job: ClaimedJob, worker: String, node: String)? {
        guard let index = chosen ?? held.indices.randomElement(using: &random) else { return nil }
        let taken = held.remove(at: index)
        stale.append((taken.job, taken.worker))
        if stale.count > 20 { stale.removeFirst() }
        return taken
    }

    private static let endings: [(JobEnding, OwnerChange, Bool)] = [
        (JobEnding(.succeeded, effect: .started), .keep, false),
        (JobEnding(.succeeded, effect: .stopped), .keep, true),
        (JobEnding(.succeeded, effect: .removed), .clear, true),
        (.failed(.imageNotFound, "x"), .undo, true),
        (.failed(.nameConflict, "x"), .keep, false),
        (JobEnding(.superseded), .undo, true),
    ]

    /// Ends one to three jobs of a worker in one call, now and then beside an old token of the same job, or twice.
    private mutating func finish() async throws {
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
            note("\(worker) finishes \(job.id): \(ending.outcome) \(ending.effect) \(owner) \(frees)")
            batch.append(QueueWorld.finished(job, ending, owner: owner, freesPlace: frees))
            expected.append(.ok)
            let code = ending.errorCode?.rawValue
            model.finish(job.id, ending.outcome, code, owner: owner, frees: frees, node: node)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            batch.append(QueueWorld.finished(first.job))
            expected.append(.again)
        }
        try agree(try await queue(worker).finish(batch).answers, expected, "finish")
    }

    private mutating func retry() async throws {
        guard let (job, worker, node) = take() else { return }
        let frees = Bool.random(using: &random)
        let isClean = Bool.random(using: &random)
        note("\(worker) will retry \(job.id)")
        let isOurs = try await queue(worker).retry(
            id: job.id,
            token: job.token,
            after: .seconds(36_000),
            code: .timeout,
            error: "x",
            freesPlace: frees,
            isClean: isClean
        )
        try agree(isOurs, true, "retry")
        model.retry(job.id, frees: frees, isClean: isClean, node: node)
    }

    private mutating func release() async throws {
        guard let (job, worker, _) = take() else { return }
        let isClean = Bool.random(using: &random)
        note("\(worker) releases \(job.id)")
        try await queue(worker).release([(id: job.id, token: job.token)], isClean: isClean)
        model.release(job.id, isClean: isClean)
    }

    /// Once, or often enough in a row that a job is undone or given up for it.
    private mutating func lapses() async throws {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return try await lapse() }
        for _ in 0..<8 {
            try await lapse()
            try await claim()
        }
    }

    private mutating func lapse() async throws {
        let worst = held.indices.max { crashes(held[$0].job) < crashes(held[$1].job) }
        guard let (job, _, _) = take(Bool.random(using: &random) ? worst : nil) else { return }
        note("the lease of \(job.id) lapses")
        try await tick(job.id, on: "lease")
        model.leaseLapsed(job.id)
    }

    private func crashes(_ job: ClaimedJob) -> Int { model.jobs[job.id]?.crashes ?? 0 }

    private mutating func becomeDue() async throws {
        let delayed = model.jobs.filter { $0.value.state == .retrying }.keys.sorted()
        guard let id = delayed.randomElement(using: &random) else { return }
        // One that a stop has made pointless waits for its end already.
        guard model.states[model.jobs[id]?.message.game ?? ""] == .delayed else { return }
        note("the retry of \(id) is due")
        try await tick(id, on: "delay")
        model.retryDue(id)
    }

    /// Deletes the hash of a job that waits or is to be tried again.
    private mutating func loseRecord() async throws {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return }
        // A message of the same id that still waits would be another job in the same lane.
        let waiting = Set((Array(model.queues.values.joined()) + Array(model.overflow.values.joined())).map(\.id))
        let ids = model.jobs.filter { $0.value.state != .running && !waiting.contains($0.key) }.keys.sorted()
        guard let id = ids.randomElement(using: &random), let job = model.jobs[id] else { return }
        note("the record of \(id) is lost")
        _ = try await world.client.send(RedisCommand("DEL", .string(world.keys.job(id))))
        model.lose(id)
        let game = job.message.game
        guard model.states[game] == .delayed, model.lanes[game]?.first == id else { return }
        try await tick(id, on: "delay", moves: 0)
        model.settle(game)
    }

    /// Makes `id` due on a time list, and lets a worker look.
    private func tick(_ id: JobID, on list: String, moves: Int = 1) async throws {
        let key = RedisArgument.string(world.keys.prefix + list)
        _ = try await world.client.send(RedisCommand("ZADD", key, "XX", 0, .string(id.text)))
        var options = world.options
        // A pause of the machine must not look like an outage of Redis, after which leases are left alone.
        options.lease = .zero
        let outcome = try await world.worker("w1", options: options).tick()
        try agree(outcome.retriesDue + outcome.leasesReclaimed + outcome.poisoned, moves, "due")
    }

    private mutating func beat() async throws {
        let (worker, _, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let jobs = held.filter { $0.worker == worker }.map(\.job)
        note("\(worker) beats")
        let outcome = try await queue(worker).beat(
            jobs.map { (id: $0.id, token: $0.token) },
            engineAnswers: true
        )
        try agree(outcome.answers, jobs.map { model.jobs[$0.id]?.isCancelled == true ? .cancel : .ok }, "beat")
        try agree(outcome.mustTell, false, "told")
    }

    private mutating func pauseOrResume() async throws {
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        note("pause or resume \(name)")
        if model.paused.remove(name) != nil {
            try agree(try await queue("w1").resume(queue: name), true, "resume")
        } else {
            model.paused.insert(name)
            try agree(try await queue("w1").pause(queue: name), true, "pause")
        }
    }

    private mutating func join() async throws {
        let (worker, node, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let games = Self.games.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
            .map { (game: $0, isRunning: Bool.random(using: &random)) }
        note("\(worker) joins with \(games)")
        try await queue(worker).join(games: games.map { OwnedGame(gameID: $0.game, isRunning: $0.isRunning) })
        model.join(node: node, games: games)
    }

    private mutating func requeue() async throws {
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
    private mutating func useStaleToken() async throws {
        guard let (job, worker) = stale.randomElement(using: &random) else { return }
        note("\(worker) tries \(job.id) with a token of the past")
        let beat = try await queue(worker).beat([(id: job.id, token: job.token)], engineAnswers: true)
        try agree(beat.answers, [.lost], "beat of a zombie")
        let finished = try await world.finish(queue(worker), job)
        if finished != .stale { try agree(finished, .again, "finish of a zombie") }
        let retried = try await queue(worker).retry(
            id: job.id,
            token: job.token,
            after: .zero,
            code: .timeout,
            error: "x"
        )
        try agree(retried, false, "retry of a zombie")
        try await queue(worker).release([(id: job.id, token: job.token)])
    }

    // MARK: Comparison

    func agree<Value: Equatable>(_ real: Value, _ expected: Value, _ what: String) throws {
        if real != expected { throw Disagreement(description: "\(what): Redis says \(real), the model \(expected)") }
    }
}

import QueueAdmin
import JobContract
import Redis
import Testing

@testable import JobQueue
@testable import Models
@testable import Support

extension ModelRun {
    mutating func push() async throws {
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
        if message.startsGame, dice > 14 { message.memory = Int64.random(in: 1...20, using: &random) * 100 << 20 }
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
        if let memory = message.memory { more += #","limits":{"memory":"\#(memory)"}"# }
        let text = QueueWorld.message(message.kind, message.id, game: message.game, more: more)
        return message.isInvalid ? text.replacing(#""kind":"\#(message.kind.rawValue)""#, with: #""kind":"fly""#) : text
    }

    /// A message wakes a worker that waits at its queue.
    mutating func wakeWaiter() async throws {
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        note("a message of \(name) wakes a worker")
        let (list, inbox) = (world.keys.queue(name), world.keys.inbox(name))
        let answer = try await world.client.send(RedisCommand("LMOVE", .string(list), .string(inbox), "RIGHT", "LEFT"))
        try agree(answer.string, model.wake(at: name).map(Self.json), "the message that wakes a worker")
    }

    mutating func intake() async throws {
        let (worker, _, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        note("intake of \(name) by \(worker)")
        let outcome = try await world.intake(queue(worker), from: name)
        guard let expected = model.intake(name) else {
            return try agree(outcome.isPaused, true, "paused")
        }
        try agree(outcome.taken, expected.taken, "taken")
        try agree(outcome.isFull, expected.isFull, "full")
    }

    mutating func claim() async throws {
        let (worker, node, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let starts = Int.random(in: 0...3, using: &random)
        let stops = Int.random(in: 0...3, using: &random)
        note("claim by \(worker): \(starts) starts, \(stops) stops")
        try await forgetIdle()
        let jobs = try await queue(worker).claim(Capacity(starts: starts, stops: stops)).jobs
        try claimed(jobs, Capacity(starts: starts, stops: stops), worker, node)
    }

    /// Without idle workers no node is a better place for a start. The model knows no placement.
    private func forgetIdle() async throws {
        let sets = Self.queueNames.flatMap { ["idle:start:" + $0, "woken:" + $0] }
            .map { RedisArgument.string(world.keys.prefix + $0) }
        _ = try await world.client.send(RedisCommand("DEL", arguments: sets))
    }

    /// Takes the oldest messages in and claims what is ready then, in one call, after the model did so in two.
    mutating func takeIn() async throws {
        let (worker, node, _) = Self.workers.randomElement(using: &random) ?? Self.workers[0]
        let name = Self.queueNames.randomElement(using: &random) ?? "low"
        let starts = Int.random(in: 0...4, using: &random)
        let stops = Int.random(in: 0...4, using: &random)
        let most = Int.random(in: 1...6, using: &random)
        note("\(worker) takes \(most) of \(name), for \(starts) starts, \(stops) stops")
        let decoder = JobDecoder()
        let capacity = Capacity(starts: starts, stops: stops)
        try await forgetIdle()
        // Messages that were read ahead a while ago: others may have taken them, or may have come before them.
        let known = Bool.random(using: &random) ? ahead.removeValue(forKey: name) ?? [] : []
        let isKnown = zip(known.prefix(most), model.queues[name] ?? []).prefix {
            $0 == .whole(Array(Self.json($1).utf8))
        }
        if !known.isEmpty { note("of \(known.count) messages read ahead, \(isKnown.count) are the oldest") }
        let taken = try await queue(worker)
            .take(queue: name, known: known, most: most, readsAhead: true, claiming: capacity) { decoder.decode($0) }
        if !taken.next.isEmpty { ahead[name] = taken.next }
        let outcome = try taken.intake.get()
        let expected = model.intake(name, most: known.isEmpty ? most : isKnown.count)
        try agree(outcome.isPaused, expected == nil, "paused")
        try agree(outcome.taken, expected?.taken ?? 0, "taken")
        try agree(outcome.isFull, expected?.isFull ?? false, "full")
        if expected != nil { try agree(outcome.isEmptied, (model.queues[name] ?? []).isEmpty, "emptied") }
        if let claimed = taken.claimed { try self.claimed(claimed.jobs, capacity, worker, node) }
    }

    mutating func claimed(
        _ jobs: [ClaimedJob],
        _ capacity: Capacity,
        _ worker: String,
        _ node: NodeID
    ) throws {
        let expected = model.claim(
            worker: worker,
            node: node,
            starts: capacity.starts,
            stops: capacity.stops,
            queues: Self.queueNames
        )
        try agree(jobs.map { "\($0.id) \($0.attempt)" }, expected.map { "\($0.id) \($0.attempt)" }, "claimed")
        for job in jobs {
            let isStart = model.jobs[job.id]?.message.startsGame == true && job.undo == nil
            let reserved = isStart ? model.jobs[job.id].flatMap { model.reserved[node]?[$0.message.game] } : nil
            try agree(job.reservation?.demand, reserved, "reservation of \(job.id)")
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
    mutating func take(_ chosen: Int? = nil) -> (job: ClaimedJob, worker: String, node: NodeID)? {
        guard let index = chosen ?? held.indices.randomElement(using: &random) else { return nil }
        let taken = held.remove(at: index)
        stale.append((taken.job, taken.worker))
        if stale.count > 20 { stale.removeFirst() }
        return taken
    }

    static let endings: [(JobEnding, OwnerChange, Bool)] = [
        (JobEnding(.succeeded, effect: .started), .keep, false),
        (JobEnding(.succeeded, effect: .stopped), .keep, true),
        (JobEnding(.succeeded, effect: .removed), .clear, true),
        (.failed(.imageNotFound, "x"), .undo, true),
        (.failed(.nameConflict, "x"), .keep, false),
        (JobEnding(.superseded), .undo, true),
    ]
}

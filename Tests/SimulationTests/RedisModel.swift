import JobContract
import Primitives

@testable import JobQueue
@testable import Support

/// What Redis holds and the scripts do, at the times that it is told: ``Support/LaneModel``, which is compared with the
/// scripts themselves elsewhere, and around it tokens, leases, doorbells, leaders and stories.
struct RedisModel {
    struct Leader {
        var holder = ""
        var epoch: Int64 = 0
        var until: Int64 = 0
        var cursor: String?
    }

    struct Peeked {
        var isFromOverflow = false
        var ids: [JobID]
    }

    /// One worker as Redis sees it.
    typealias Caller = WorkerIdentity

    var lanes: LaneModel
    let options: JobQueueOptions
    /// Messages by job id; the last one pushed under an id.
    var bytes: [JobID: [UInt8]] = [:]
    var deadlines: [JobID: Int64] = [:]
    var tokens: [JobID: String] = [:]
    /// Tokens by which jobs were ended.
    var endedBy: [JobID: String] = [:]
    var leases: [JobID: Int64] = [:]
    var delays: [JobID: Int64] = [:]
    var taken: [JobID: Int64] = [:]
    var specs: [String: [UInt8]] = [:]
    var clock: Int64 = 0
    var born: Int64 = 0
    var resumedAt: Int64 = 0
    /// Since when signs of life have come, and until when they count.
    var awake: (since: Int64, until: Int64) = (0, 0)
    var fence: Int64 = 0
    /// When a node had no room for a start that waits.
    var noRoomAt: Int64 = 0
    var told: Set<String> = []
    var nodesSeen: [String: Int64] = [:]
    /// Workers that have places, by class.
    var idle: [String: [Caller]] = [:]
    var members: [Caller] = []
    var bells: [String: [String]] = [:]
    var cancelsRung: Set<JobID> = []
    var leaders: [String: Leader] = [:]
    var marks: [String: [String: String]] = [:]
    var begun: [String: [String: String]] = [:]
    var endedStories: [String: Set<String>] = [:]
    var notes: [String: [String: ContainerNotes]] = [:]
    /// What live jobs have said of the containers that they end.
    var asked: [JobID: (container: String, text: String)] = [:]
    var results: [History.Result] = []
    var events: [History.Event] = []
    var mutation: Mutation?

    init(options: JobQueueOptions) {
        self.options = options
        lanes = LaneModel(options)
    }

    private var lease: Int64 { options.lease.milliseconds }

    // MARK: What every script does

    /// What clock.lua does with the time that it reads; answers the time that the script goes by.
    mutating func begin(at time: Int64) -> Int64 {
        var now = time
        if clock > now, clock - now <= 60_000 { now = clock }
        if born == 0 { born = now }
        clock = now
        for (id, deadline) in deadlines where deadline < now { lanes.jobs[id]?.message.isExpired = true }
        return now
    }

    /// Publishes the results that the model has got since, and rings whom they and ready lanes concern.
    mutating func settle(at now: Int64, by ending: JobEnding? = nil) {
        for result in lanes.results[results.count...] {
            let taken = taken.removeValue(forKey: result.id)
            let ending = result.code == "poisoned" ? nil : ending
            results.append(
                History.Result(
                    id: result.id,
                    run: result.run,
                    game: gameOf[result.id] ?? "",
                    outcome: result.outcome,
                    effect: ending?.effect ?? .none,
                    containerID: ending?.containerID,
                    takenAt: taken.map { Timestamp(millisecondsSinceEpoch: $0) },
                    finishedAt: Timestamp(millisecondsSinceEpoch: now)
                )
            )
            endedBy[result.id] = tokens.removeValue(forKey: result.id)
            leases[result.id] = nil
            delays[result.id] = nil
            cancelsRung.remove(result.id)
        }
        ring()
    }

    private var gameOf: [JobID: String] = [:]

    /// Heads that were rung for.
    private var rung: Set<String> = []

    private mutating func ring() {
        for job in lanes.jobs.values.filter(\.isCancelled).sorted(by: { $0.seq < $1.seq }) {
            guard let worker = job.worker, cancelsRung.insert(job.message.id).inserted else { continue }
            bells[worker, default: []].append("cancel")
        }
        rung.formIntersection(lanes.ready.flatMap { list, entries in entries.map { "\(list) \($0.seq)" } })
        for (list, entries) in lanes.ready.sorted(by: { $0.key < $1.key }) where !entries.isEmpty {
            let node = list.split(separator: ":").dropFirst(2).first.map(String.init)
            // Once for each time that it becomes ready.
            let fresh = Set(entries.map { "\(list) \($0.seq)" }).subtracting(rung)
            guard !fresh.isEmpty else { continue }
            rung.formUnion(fresh)
            let kind = String(list.prefix { $0 != ":" })
            let index = idle[kind, default: []].firstIndex { node == nil || $0.node == node }
            guard let index, let worker = idle[kind]?.remove(at: index) else { continue }
            bells[worker.id, default: []].append("ready")
        }
    }

    // MARK: Jobs

    mutating func push(_ message: LaneModel.Message, _ text: [UInt8], deadline: Int64?) {
        lanes.queues["default", default: []].append(message)
        bytes[message.id] = text
        gameOf[message.id] = message.game
        if let deadline { deadlines[message.id] = deadline }
    }

    /// The oldest messages.
    func peek(_ queue: String, most: Int) -> Peeked {
        let isFromOverflow = !(lanes.overflow[queue] ?? []).isEmpty && lanes.live < lanes.mostForStarts
        let list = (isFromOverflow ? lanes.overflow : lanes.queues)[queue] ?? []
        return Peeked(isFromOverflow: isFromOverflow, ids: list.prefix(most).map(\.id))
    }

    func texts(of ids: [JobID]) -> [[UInt8]] { ids.map { bytes[$0] ?? [] } }

    /// Messages behind the oldest ones of a queue; nil where some lie aside.
    func ahead(in queue: String, skipping count: Int, most: Int) -> [[UInt8]]? {
        guard (lanes.overflow[queue] ?? []).isEmpty else { return nil }
        return texts(of: (lanes.queues[queue] ?? []).dropFirst(count).prefix(max(0, most - count)).map(\.id))
    }

    /// How many lanes wait on the lists of the classes from which a worker of the node takes.
    func readyCount(_ classes: [String] = ["stop", "start"], for node: String) -> Int {
        classes.reduce(0) { count, name in
            count
                + options.queues.reduce(0) { count, queue in
                    let list = "\(name):\(queue)"
                    return count + (lanes.ready[list]?.count ?? 0) + (lanes.ready["\(list):\(node)"]?.count ?? 0)
                }
        }
    }

    mutating func admit(_ queue: String, peeked: Peeked, at time: Int64) -> IntakeOutcome {
        let now = begin(at: time)
        var outcome = IntakeOutcome(taken: 0, seen: peeked.ids.count, isFull: false, rejections: [])
        outcome.isFromOverflow = peeked.isFromOverflow
        // Where another was first, other messages are at the tail.
        let list = (peeked.isFromOverflow ? lanes.overflow : lanes.queues)[queue] ?? []
        let isSame = zip(list, peeked.ids).prefix { $0.id == $1 }.count
        guard isSame > 0 else { return outcome }
        for index in lanes.queues[queue, default: []].indices {
            let id = lanes.queues[queue]?[index].id ?? ""
            if let deadline = deadlines[id], deadline < now { lanes.queues[queue]?[index].isExpired = true }
        }
        lanes.noRoom = now - noRoomAt < 5_000
        let answer = lanes.intake(queue, most: isSame, isFromOverflow: peeked.isFromOverflow)
        guard let answer else { return outcome }
        outcome.taken = answer.taken
        outcome.isFull = answer.isFull
        settle(at: now)
        return outcome
    }

    /// What admit.lua does: takes messages in, claims what is ready then, and looks at what comes behind them.
    mutating func take(
        _ queue: String,
        _ peeked: Peeked,
        known: Int,
        ahead: Int,
        claiming capacity: Capacity?,
        by caller: Caller,
        at time: Int64
    ) -> (outcome: IntakeOutcome, claimed: ClaimedJobs?, ahead: [[UInt8]]?) {
        let outcome = admit(queue, peeked: peeked, at: time)
        let claimed = capacity.map { claim($0, by: caller, at: time) }
        guard !outcome.isFull, !outcome.isFromOverflow, ahead > 0 else { return (outcome, claimed, nil) }
        let isWhole = outcome.taken == peeked.ids.count
        return (outcome, claimed, self.ahead(in: queue, skipping: isWhole ? known : 0, most: ahead))
    }

    mutating func claim(_ capacity: Capacity, by caller: Caller, at time: Int64) -> ClaimedJobs {
        let now = begin(at: time)
        for node in lanes.untold where nodesSeen[node] ?? 0 <= now - options.nodeGrace.milliseconds {
            lanes.untold.remove(node)
        }
        let isYoung = now < born + 4_000
        if isYoung { lanes.untold.insert("") }
        let claimed = lanes.claim(
            worker: caller.id,
            node: caller.node,
            starts: capacity.starts,
            stops: capacity.stops,
            slots: capacity.slots,
            queues: options.queues
        )
        if isYoung { lanes.untold.remove("") }
        let jobs = claimed.map { id, attempt in
            fence = max(fence + 1, time * 1_000)
            let token = "\(fence)-\(caller.nonce)"
            tokens[id] = token
            leases[id] = now + lease
            taken[id] = now
            let job = lanes.jobs[id]
            return ClaimedJob(
                id: id,
                token: token,
                attempt: attempt,
                queue: "default",
                message: bytes[id] ?? [],
                lastStart: job?.message.kind == .restart ? specs[job?.message.game ?? ""] : nil,
                run: job?.run ?? 1,
                takenAt: "",
                undo: lanes.undo(id)
            )
        }
        let hasRoom = capacity.slots == 0 || (lanes.running[caller.node]?.count ?? 0) < capacity.slots
        let waiting = options.queues.flatMap { ["start:\($0)", "start:\($0):\(caller.node)"] }
        if !hasRoom, waiting.contains(where: { !(lanes.ready[$0] ?? []).isEmpty }) { noRoomAt = now }
        let starts = jobs.count { lanes.jobs[$0.id]?.message.startsGame == true }
        let isFull = (stops: jobs.count - starts >= capacity.stops, starts: starts >= capacity.starts)
        forgetIdle(caller)
        if !isFull.stops { idle["stop", default: []].append(caller) }
        if !isFull.starts { idle["start", default: []].append(caller) }
        settle(at: now)
        var classes: JobClasses = []
        if isFull.stops, readyCount(["stop"], for: caller.node) > 0 { classes.insert(.stops) }
        if isFull.starts, hasRoom, readyCount(["start"], for: caller.node) > 0 { classes.insert(.starts) }
        return ClaimedJobs(jobs, waiting: classes)
    }

    private mutating func forgetIdle(_ caller: Caller) {
        for kind in ["stop", "start"] { idle[kind]?.removeAll { $0 == caller } }
    }

    private func holds(_ id: JobID, _ token: String) -> Bool {
        (tokens[id] == token || mutation == .finishWithoutToken) && lanes.jobs[id]?.state == .running
    }

    mutating func beat(
        _ held: [(id: JobID, token: String)],
        engineAnswers: Bool,
        by caller: Caller,
        at time: Int64
    ) -> HeartbeatResult {
        let now = begin(at: time)
        if engineAnswers { nodesSeen[caller.node] = now }
        let answers: [BeatAnswer] = held.map { id, token in
            guard holds(id, token) else { return .lost }
            leases[id] = now + lease
            return lanes.jobs[id]?.isCancelled == true ? .cancel : .ok
        }
        return HeartbeatResult(mustTell: !told.contains(caller.node), answers: answers)
    }

    mutating func finish(_ job: FinishedJob, by caller: Caller, at time: Int64) -> FinishAnswer {
        let now = begin(at: time)
        let (id, token) = (job.claimed.id, job.claimed.token)
        guard holds(id, token) else {
            return lanes.jobs[id] == nil && endedBy[id] == token ? .again : .stale
        }
        let game = lanes.jobs[id]?.message.game ?? ""
        lanes.finish(
            id,
            job.ending.outcome,
            job.ending.errorCode?.rawValue,
            owner: job.owner,
            frees: job.freesPlace,
            node: caller.node
        )
        if let begun = job.begun { tell(.begun(mark: begun.mark), of: begun.containerID, by: caller, at: time) }
        if let start = job.startMessage { specs[game] = Array(start.utf8) }
        settle(at: now, by: job.ending)
        return .ok
    }

    mutating func retry(
        _ job: (id: JobID, token: String),
        after pause: Duration,
        frees: Bool,
        isClean: Bool,
        by caller: Caller,
        at time: Int64
    ) -> Bool {
        let now = begin(at: time)
        guard holds(job.id, job.token) else { return false }
        lanes.retry(job.id, frees: frees, isClean: isClean, node: caller.node)
        letGo(job.id)
        if lanes.jobs[job.id] != nil { delays[job.id] = now + pause.milliseconds }
        settle(at: now)
        return true
    }

    mutating func release(_ jobs: [(id: JobID, token: String)], isClean: Bool, at time: Int64) {
        let now = begin(at: time)
        for (id, token) in jobs where holds(id, token) {
            lanes.release(id, isClean: isClean)
            letGo(id)
        }
        settle(at: now)
    }

    private mutating func letGo(_ id: JobID) {
        if lanes.jobs[id] != nil { tokens[id] = nil }
        leases[id] = nil
        cancelsRung.remove(id)
    }

    /// What clock.lua does with the same name.
    private mutating func noteSilence(_ now: Int64) {
        guard awake.until <= now else { return }
        resumedAt = now
        awake = (now, now + options.silence.milliseconds)
    }

    /// What Redis does with `GETEX`.
    mutating func keepAwake(at time: Int64) -> String? {
        guard awake.until > time else { return nil }
        awake.until = time + options.silence.milliseconds
        return String(awake.since)
    }

    mutating func tick(engineAnswers: Bool, afterSilence: Bool, by caller: Caller, at time: Int64) -> TickOutcome {
        let now = begin(at: time)
        if engineAnswers { nodesSeen[caller.node] = now }
        if afterSilence || leases.values.contains(where: { $0 <= now }) { noteSilence(now) }
        var outcome = TickOutcome(retriesDue: 0, leasesReclaimed: 0, poisoned: 0, nextDue: nil, mayHaveWork: false)
        for (id, due) in delays.sorted(by: { $0.value == $1.value ? $0.key < $1.key : $0.value < $1.value })
        where due <= now {
            delays[id] = nil
            // One that a stop has made pointless waits for its end already.
            guard lanes.states[lanes.jobs[id]?.message.game ?? ""] == .delayed else { continue }
            lanes.retryDue(id)
            outcome.retriesDue += 1
        }
        if now >= resumedAt + lease, mutation != .noReclaim {
            for id in leases.filter({ $0.value <= now }).keys.sorted() {
                lanes.leaseLapsed(id)
                letGo(id)
                if lanes.jobs[id] == nil { outcome.poisoned += 1 } else { outcome.leasesReclaimed += 1 }
            }
        }
        let takenBack = leases.values.map { max($0, resumedAt + lease) }
        outcome.nextDue = (Array(delays.values) + takenBack).min().map { .milliseconds(max(0, $0 - now)) }
        let lists = ["stop:default", "start:default"].flatMap { [$0, "\($0):\(caller.node)"] }
        outcome.mayHaveWork =
            !(lanes.queues["default"] ?? []).isEmpty || !(lanes.overflow["default"] ?? []).isEmpty
            || lists.contains { !(lanes.ready[$0] ?? []).isEmpty }
        outcome.mustTell = !told.contains(caller.node)
        settle(at: now)
        return outcome
    }

    /// An operator's retry of the oldest dead letter of a valid job; answers which job and run.
    mutating func requeue(at time: Int64) -> (id: JobID, run: Int)? {
        let now = begin(at: time)
        guard let index = lanes.letters.firstIndex(where: { !$0.message.isInvalid && lanes.jobs[$0.message.id] == nil })
        else { return nil }
        let letter = lanes.letters.remove(at: index)
        var message = letter.message
        message.isExpired = false
        deadlines[message.id] = nil
        lanes.ended[message.id] = nil
        endedBy[message.id] = nil
        lanes.place(message, queue: letter.queue, run: letter.run + 1)
        settle(at: now)
        return (message.id, letter.run + 1)
    }

    // MARK: Nodes

    mutating func join(_ games: [OwnedGame]?, by caller: Caller, at time: Int64) {
        let now = begin(at: time)
        noteSilence(now)
        if !members.contains(caller) { members.append(caller) }
        nodesSeen[caller.node] = now
        guard let games else {
            if !told.contains(caller.node) { lanes.untold.insert(caller.node) }
            return
        }
        lanes.join(node: caller.node, games: games.map { (game: $0.gameID, isRunning: $0.isRunning) })
        told.insert(caller.node)
        settle(at: now)
    }

    mutating func leave(_ caller: Caller, at time: Int64) {
        let now = begin(at: time)
        members.removeAll { $0 == caller }
        forgetIdle(caller)
        bells[caller.id] = nil
        settle(at: now)
    }

    mutating func lead(ttl: Duration, by caller: Caller, at time: Int64) -> LeaseAnswer {
        let now = begin(at: time)
        var leader = leaders[caller.node] ?? Leader()
        if leader.until > time, leader.holder != caller.id {
            return .held(remaining: .milliseconds(leader.until - time), epoch: leader.epoch)
        }
        leader.epoch = max(leader.epoch + 1, now)
        leader.holder = caller.id
        leader.until = time + ttl.milliseconds
        leaders[caller.node] = leader
        return .granted(epoch: leader.epoch, cursor: leader.cursor)
    }

    /// What Redis does with `PEXPIRE`.
    mutating func renew(epoch: Int64, ttl: Duration, on node: String, at time: Int64) -> Bool {
        guard leaders[node]?.epoch == epoch, leaders[node]?.until ?? 0 > time else { return false }
        leaders[node]?.until = time + ttl.milliseconds
        return true
    }

    /// What Redis does with `PTTL`.
    func remainder(ofTerm epoch: Int64, on node: String, at time: Int64) -> Duration? {
        guard let leader = leaders[node], leader.epoch == epoch, leader.until > time else { return nil }
        return .milliseconds(leader.until - time)
    }

    mutating func resign(epoch: Int64, by caller: Caller, at time: Int64) {
        _ = begin(at: time)
        guard leads(caller, epoch) else { return }
        leaders[caller.node]?.until = 0
        for other in members.filter({ $0.node == caller.node && $0 != caller }).prefix(2) {
            bells[other.id, default: []].append("leader")
        }
    }

    private func leads(_ caller: Caller, _ epoch: Int64) -> Bool {
        leaders[caller.node]?.holder == caller.id && leaders[caller.node]?.epoch == epoch
    }

    // MARK: Stories

    /// nil: fenced.
    mutating func emit(
        _ updates: [StoryUpdate],
        epoch: Int64,
        cursor: String?,
        by caller: Caller,
        at time: Int64
    ) -> [EmitAnswer]? {
        let now = begin(at: time)
        let node = caller.node
        guard leads(caller, epoch) || mutation == .emitWithoutFence else { return nil }
        let answers = updates.map { update -> EmitAnswer in
            let id = update.containerID
            let last = marks[node]?[id] ?? ""
            if last.isEmpty, endedStories[node]?.contains(id) == true { return .ended }
            guard last == update.expectedMark || mutation == .unmarkedEmit else { return .conflict(mark: last) }
            events += update.entries.map { History.Event($0, node: node, epoch: epoch) }
            if update.newMark.isEmpty {
                marks[node]?[id] = nil
                endedStories[node, default: []].insert(id)
            } else {
                marks[node, default: [:]][id] = update.newMark
            }
            begun[node]?[id] = nil
            let isRunning = update.newMark.hasPrefix("s")
            if !isRunning { notes[node]?[id] = nil }
            if isRunning {
                lanes.running[node, default: []].insert(update.gameID)
            } else if !update.gameID.isEmpty, lanes.states[update.gameID] != .active {
                lanes.running[node]?.remove(update.gameID)
            }
            return .published
        }
        if let cursor { leaders[node]?.cursor = cursor }
        settle(at: now)
        return answers
    }

    @discardableResult
    mutating func tell(_ note: ContainerNote, of id: String, by caller: Caller, at time: Int64) -> String? {
        _ = begin(at: time)
        let node = caller.node
        let mark = marks[node]?[id]
        if mark == nil, endedStories[node]?.contains(id) == true { return nil }
        asked = asked.filter { lanes.jobs[$0.key] != nil }
        switch note {
        case .begun(let text): if mark == nil { begun[node, default: [:]][id] = text }
        case .asked(let job, let text):
            let before = asked[job].flatMap { $0.container == id ? $0.text : nil }
            if before == nil, lanes.jobs[job] != nil { asked[job] = (id, text) }
            notes[node, default: [:]][id, default: ContainerNotes()].asked = before ?? text
            return before
        case .forced(let isForced):
            if notes[node]?[id]?.asked != nil { notes[node]?[id]?.isForced = isForced }
        case .exit(let text):
            if mark == nil || mark?.hasPrefix("s") == true {
                notes[node, default: [:]][id, default: ContainerNotes()].exit = text
            }
        }
        return nil
    }

    func notes(of ids: [String], on node: String) -> [String: ContainerNotes] {
        var found: [String: ContainerNotes] = [:]
        for id in ids {
            found[id] = notes[node]?[id] ?? ContainerNotes()
            found[id]?.begun = begun[node]?[id]
        }
        return found
    }

    /// Answers false where another leads.
    mutating func correctPlaces(free: [String], taken: [String], epoch: Int64, by caller: Caller, at time: Int64)
        -> Bool
    {
        _ = begin(at: time)
        guard leads(caller, epoch) else { return false }
        for game in free where lanes.states[game] != .active { lanes.running[caller.node]?.remove(game) }
        lanes.running[caller.node, default: []].formUnion(taken)
        return true
    }

    func mayHaveMade(_ container: String, job: JobID, game: String) -> Bool {
        if let live = lanes.jobs[job] { return live.message.kind.startsGame && live.message.game == game }
        guard let result = results.last(where: { $0.id == job && $0.game == game }) else { return false }
        return result.containerID.map { $0 == container } ?? true
    }

    func facts(_ game: String, _ job: JobID) -> GameFacts {
        GameFacts(
            owner: lanes.owners[game],
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

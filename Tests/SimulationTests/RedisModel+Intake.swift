import JobContract
import Primitives

@testable import JobQueue
@testable import Models
@testable import Support

extension RedisModel {
    mutating func push(_ message: LaneModel.Message, _ text: [UInt8], deadline: Int64?) {
        lanes.queues["default", default: []].append(message)
        bytes[message.id] = text
        gameOf[message.id] = message.game
        if let deadline { deadlines[message.id] = deadline }
    }

    /// The oldest messages.
    func peek(_ queue: String, most: Int) -> Peeked { Peeked(ids: (lanes.queues[queue] ?? []).prefix(most).map(\.id)) }

    func texts(of ids: [JobID]) -> [[UInt8]] { ids.map { bytes[$0] ?? [] } }

    /// How many lanes wait on the lists of the classes from which a worker of the node takes.
    func readyCount(_ classes: [String] = ["stop", "start"], for node: NodeID) -> Int {
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
        // Where another was first, other messages are at the tail.
        let list = lanes.queues[queue] ?? []
        let isSame = zip(list, peeked.ids).prefix { $0.id == $1 }.count
        guard isSame > 0 else { return outcome }
        for index in lanes.queues[queue, default: []].indices {
            let id = lanes.queues[queue]?[index].id ?? ""
            if let deadline = deadlines[id], deadline < now { lanes.queues[queue]?[index].isExpired = true }
        }
        let answer = lanes.intake(queue, most: isSame)
        guard let answer else { return outcome }
        outcome.taken = answer.taken
        outcome.isFull = answer.isFull
        settle(at: now)
        return outcome
    }

    /// What the pipeline of `admit` and `claim` does: takes messages in, then claims what is ready.
    mutating func take(
        _ queue: String,
        _ peeked: Peeked,
        claiming capacity: Capacity?,
        by caller: Caller,
        at time: Int64
    ) -> (outcome: IntakeOutcome, claimed: ClaimedJobs?) {
        var outcome = admit(queue, peeked: peeked, at: time)
        outcome.isEmptied = lanes.queues[queue, default: []].isEmpty
        return (outcome, capacity.map { claim($0, by: caller, at: time) })
    }

    mutating func claim(_ capacity: Capacity, by caller: Caller, at time: Int64) -> ClaimedJobs {
        let now = begin(at: time)
        if lanes.lostNodes.contains(caller.node) || lanes.disowned[caller.node]?.isEmpty == false {
            return ClaimedJobs()
        }
        lanes.claimFence = max(fence + 1, time * 1_000)
        for node in lanes.untold where arrivals[node] ?? 0 <= now - options.nodeGrace.milliseconds {
            lanes.untold.remove(node)
        }
        let isYoung = now < born + 4_000
        if isYoung { lanes.untold.insert("") }
        let claimed = lanes.claim(
            worker: caller.id,
            node: caller.node,
            starts: capacity.starts,
            stops: capacity.stops,
            queues: options.queues
        )
        if isYoung { lanes.untold.remove("") }
        let jobs = claimed.map { id, attempt in
            fence = max(fence + 1, time * 1_000)
            let token = LeaseToken("\(fence)-\(caller.nonce)")
            tokens[id] = token
            leases[id] = now + lease
            taken[id] = now
            let job = lanes.jobs[id]
            return ClaimedJob(
                id: id,
                gameID: job?.message.game ?? "",
                token: token,
                attempt: attempt,
                queue: "default",
                message: bytes[id] ?? [],
                lastStart: job?.message.kind == .restart ? specs[job?.message.game ?? ""] : nil,
                run: job?.run ?? 1,
                takenAt: "",
                undo: lanes.undo(id),
                reservation: job.flatMap { lanes.reserved[caller.node]?[$0.message.game] }.map {
                    NodeReservation(demand: $0)
                }
            )
        }
        let slots = lanes.capacities[caller.node]?.slots ?? 0
        let hasRoom = slots == 0 || (lanes.reserved[caller.node]?.count ?? 0) < slots
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

    mutating func forgetIdle(_ caller: Caller) {
        for kind in ["stop", "start"] { idle[kind]?.removeAll { $0 == caller } }
    }
}

import JobContract
import Primitives

@testable import JobQueue
@testable import Models
@testable import Support

/// What Redis holds and the scripts do, at the times that it is told: ``Support/LaneModel``, which is compared with the
/// scripts themselves elsewhere, and around it tokens, leases, doorbells, leaders and lifecycle events.
struct RedisModel {
    struct Leader {
        var holder = ""
        var epoch: Int64 = 0
        var until: Int64 = 0
        var cursor: String?
    }

    struct Peeked {
        var ids: [JobID]
    }

    /// One worker as Redis sees it.
    typealias Caller = WorkerIdentity

    var lanes: LaneModel
    let options: JobQueueOptions
    /// Messages by job id; the last one pushed under an id.
    var bytes: [JobID: [UInt8]] = [:]
    var deadlines: [JobID: Int64] = [:]
    var tokens: [JobID: LeaseToken] = [:]
    /// Tokens by which jobs were ended.
    var endedBy: [JobID: LeaseToken] = [:]
    var leases: [JobID: Int64] = [:]
    var delays: [JobID: Int64] = [:]
    var taken: [JobID: Int64] = [:]
    var specs: [GameID: [UInt8]] = [:]
    var clock: Int64 = 0
    /// How many calls of functions that store the time have begun.
    var calls = 0
    /// The time on Redis' own clock, by which keys expire.
    var ownTime: Int64 = 0
    var born: Int64 = 0
    var resumedAt: Int64 = 0
    /// Since when signs of life have come, and until when they count.
    var awake: (since: Int64, until: Int64) = (0, 0)
    var fence: Int64 = 0
    var told: Set<NodeID> = []
    var nodesSeen: [NodeID: Int64] = [:]
    /// The first arrival of each node that has not announced its games.
    var arrivals: [NodeID: Int64] = [:]
    /// Workers that have places, by class.
    var idle: [String: [Caller]] = [:]
    var members: [Caller] = []
    var bells: [String: [String]] = [:]
    var cancelsRung: Set<JobID> = []
    var leaders: [NodeID: Leader] = [:]
    var checkpoints: [NodeID: [ContainerID: String]] = [:]
    var begun: [NodeID: [ContainerID: String]] = [:]
    var endedLifecycles: [NodeID: Set<ContainerID>] = [:]
    var notes: [NodeID: [ContainerID: ContainerNotes]] = [:]
    /// What live jobs have said of the containers that they end.
    var asked: [JobID: (container: ContainerID, text: String)] = [:]
    /// The containers of reservations, as far as they are known.
    var holders: [NodeID: [GameID: ContainerID]] = [:]
    var results: [History.Result] = []
    var events: [History.Event] = []
    var mutation: Mutation? {
        didSet {
            lanes.comparesFences = mutation != .noFenceCompare
            lanes.countsCapacity = mutation != .overcommit
        }
    }

    init(options: JobQueueOptions) {
        self.options = options
        lanes = LaneModel(options)
    }

    var lease: Int64 { options.lease.milliseconds }

    /// `JUMP_MS` in context.lua.
    static let jump: Int64 = 1_200

    // MARK: What every script does

    /// What context.lua does with the time that it reads; answers the time that the script goes by.
    mutating func begin(at time: Int64) -> Int64 {
        ownTime = time
        var now = time
        if clock > now, clock - now <= 60_000 { now = clock }
        if born == 0 { born = now }
        let hasJumped = clock > 0 && now - clock >= Self.jump
        clock = now
        calls += 1
        if hasJumped, mutation != .loseAfterClockStep { noteSilence(now) }
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
                    finishedAt: Timestamp(millisecondsSinceEpoch: now),
                    code: result.code
                )
            )
            endedBy[result.id] = tokens.removeValue(forKey: result.id)
            leases[result.id] = nil
            delays[result.id] = nil
            cancelsRung.remove(result.id)
        }
        for (node, games) in holders {
            holders[node] = games.filter { lanes.reserved[node]?[$0.key] != nil }
        }
        ring()
    }

    var gameOf: [JobID: GameID] = [:]

    /// Heads that were woken for.
    var woken: Set<String> = []

    mutating func ring() {
        for job in lanes.jobs.values.filter(\.isCancelled).sorted(by: { $0.seq < $1.seq }) {
            guard let worker = job.worker, cancelsRung.insert(job.message.id).inserted else { continue }
            bells[worker, default: []].append("cancel")
        }
        woken.formIntersection(lanes.ready.flatMap { list, entries in entries.map { "\(list) \($0.place)" } })
        for (list, entries) in lanes.ready.sorted(by: { $0.key < $1.key }) where !entries.isEmpty {
            let node = list.split(separator: ":").dropFirst(2).first.map { NodeID(String($0)) }
            // Once for each time that it becomes ready.
            let fresh = Set(entries.map { "\(list) \($0.place)" }).subtracting(woken)
            guard !fresh.isEmpty else { continue }
            woken.formUnion(fresh)
            let kind = String(list.prefix { $0 != ":" })
            let index = idle[kind, default: []].firstIndex { node == nil || $0.node == node }
            guard let index, let worker = idle[kind]?.remove(at: index) else { continue }
            bells[worker.id, default: []].append("ready")
        }
        ringForCapacity()
    }

    /// Rings a worker of each node that has capacity again, if starts may have waited for it.
    private mutating func ringForCapacity() {
        for node in lanes.freed.sorted() where readyCount(["start"], for: node) > 0 {
            guard let index = idle["start", default: []].firstIndex(where: { $0.node == node }),
                let worker = idle["start"]?.remove(at: index)
            else { continue }
            bells[worker.id, default: []].append("ready")
        }
        lanes.freed = []
    }
}

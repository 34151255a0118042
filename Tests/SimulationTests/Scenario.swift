import JobContract
import JobQueue
import Primitives
import Runtime
import RuntimeCore
import Models
import Support

/// What is done in one simulation, all of it from the seed: workers, jobs, and what goes wrong. Which kinds of faults come
/// at all is drawn first, so that some runs have one kind often and others none.
struct Scenario: Sendable {
    enum Fault: String, CaseIterable, Sendable {
        case workerKilled, workerFrozen, workerReplaced
        case redisAway, redisClockBack, redisClockAhead, redisClockFarAhead, redisConnectionsCut
        case engineKilled, engineEnded, engineFrozen, engineCut
        case containerEnds, containerOutOfMemory, containerSick, containerEndsUnseen, containerRenamed
        case deadRetried
    }

    /// The absence of a whole node, for longer than the grace.
    struct Absence: Sendable {
        var node: NodeID
        /// Whether the node only cannot reach Redis, while its containers run on. Else its machine is off.
        var isCut: Bool
        var from: Duration
        var time: Duration
    }

    /// A replica takes over that lacks the last writes.
    struct Failover: Sendable {
        /// From when on the replica does not hear of writes.
        var from: Duration
        var behind: Duration
        /// How long nobody can reach Redis.
        var away: Duration
    }

    struct Push: Sendable {
        var at: Duration
        var id: JobID
        var text: String
    }

    let seed: UInt64
    let nodes: [NodeID]
    /// The node of each worker that is there at the begin.
    let workers: [NodeID]
    let pushes: [Push]
    let faults: [(at: Duration, fault: Fault)]
    let absence: Absence?
    /// Before the horizon.
    let failover: Failover?
    /// After this nothing goes wrong any more.
    let horizon: Duration
    /// Chances in a thousand.
    let lossToRedis: Int
    let lossToEngine: Int
    let slowness: Int
    /// Longest start of a container, in milliseconds.
    let longestStart: Int
    let deathAtCall: Int
    /// How many workers die at calls and points. After the sixth death of its workers, a start ends without the removal
    /// of its remains. In a longer life with a lost node, workers die of other causes, too.
    var mostDeaths: Int { absence == nil ? 5 : 3 }
    let deathAtPoint: Int
    /// That Redis refuses an intake or a claim, as where it has no memory.
    let refusals: Int
    /// That a worker stands still beyond its lease between the decision for a call and the call itself.
    let freezeAtCall: Int
    /// That the Engine answers a call with an error, and does nothing: 500 to a start and to a
    /// look, 503 to any other change, none to a ping.
    let engineErrors: Int
    let options: JobQueueOptions
    let configuration: WorkerConfiguration
    /// Whether every second worker allows fewer images than the others.
    let hasStrictWorkers: Bool
    let decoder = JobDecoder()

    static let lease = Duration.seconds(2)
    static let games = 3
    /// These matter most.
    private static let often: [Fault] = [.workerKilled, .workerFrozen, .workerFrozen, .workerFrozen]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        func some(_ choices: [Int]) -> Int { choices.randomElement(using: &random) ?? 0 }
        self.seed = seed
        nodes = chance(25) ? ["n1", "n2"] : ["n1"]
        workers = nodes.count == 2 ? ["n1", "n2"] : chance(50) ? ["n1", "n1"] : ["n1"]
        let losesNode = nodes.count == 2 && chance(50)
        horizon = .seconds(losesNode ? 20 : 6)
        absence =
            losesNode
            ? Absence(
                node: nodes[some([0, 1])],
                isCut: chance(50),
                from: .milliseconds(Int.random(in: 500...6_000, using: &random)),
                time: .milliseconds(Int.random(in: 5_000...11_000, using: &random))
            )
            : nil
        lossToRedis = some([0, 0, 10, 40])
        lossToEngine = some([0, 0, 10, 40])
        slowness = some([0, 20, 100])
        longestStart = some([50, 300, 2_000])
        deathAtCall = some([0, 0, 2, 5])
        deathAtPoint = some([0, 0, 10, 50])
        failover =
            chance(nodes.count == 2 ? 40 : 8)
            ? Failover(
                from: .milliseconds(Int.random(in: 300...4_400, using: &random)),
                behind: .milliseconds(Int.random(in: 10...1_500, using: &random)),
                away: .milliseconds(some([0, 100, 2_000]))
            )
            : nil
        // What Redis has forgotten holds no reservation, and the last starts need places.
        let slots = failover == nil ? some([0, 0, 0, 2]) : 0
        let memory = failover == nil ? some([0, 0, 0, 512]) : 0
        let isCounted = slots > 0 || memory > 0
        // With a small window and full nodes, starts would keep out the stops that make way for them.
        options = JobQueueOptions(
            lease: Self.lease,
            nodeGrace: .seconds(5),
            mostLive: isCounted ? 100 : some([4, 100, 100]),
            keptForStops: 2,
            capacity: NodeCapacity(slots: slots, memory: Int64(memory) << 20)
        )
        configuration = WorkerConfiguration(
            node: NodeSettings(stateRoot: "/tmp/rtmanager-simulation"),
            concurrency: some([1, 2, 4]),
            drainTimeout: .seconds(2),
            leaderTTL: .seconds(2),
            retries: RetryPolicy(base: .milliseconds(200), cap: .seconds(2)),
            startSettle: .milliseconds(some([0, 0, 0, 400])),
            janitor: chance(50) ? .remove : failover == nil ? .off : .report,
            janitorGrace: .seconds(4)
        )
        hasStrictWorkers = chance(25)
        pushes = Self.pushes(&random, longestPause: losesNode ? 2_800 : 700, hasLimits: memory > 0)
        let kinds = (Fault.allCases + Self.often).filter { _ in Int.random(in: 0..<100, using: &random) < 40 }
        faults =
            kinds.isEmpty
            ? []
            : (0..<Int.random(in: 1...8, using: &random)).map { _ in
                (
                    at: .milliseconds(Int.random(in: 200...5_500, using: &random)),
                    fault: kinds.randomElement(using: &random) ?? .workerKilled
                )
            }
        refusals = some([0, 0, 0, 50])
        freezeAtCall = some([0, 0, 3, 10])
        engineErrors = some([0, 0, 0, 30])
    }

    /// What the worker of this number is told, the first being 1.
    func configuration(ofWorker number: Int) -> WorkerConfiguration {
        guard hasStrictWorkers, number.isMultiple(of: 2) else { return configuration }
        var configuration = configuration
        configuration.node.allowedImages = Self.strictImages
        return configuration
    }

    private static let strictImages = ["engine:1", "engine:health", "engine:far"]

    /// Jobs at the end, by which it is known again what runs: stops where there is not room for all games, and starts
    /// behind them where Redis has forgotten what it knew.
    var lastPushes: [Push] {
        guard options.capacity != NodeCapacity() || failover != nil else { return [] }
        return (1...Self.games).flatMap { game in
            let stop = Push(
                at: horizon,
                id: "last\(game)",
                text: #"{"v":1,"id":"last\#(game)","kind":"stop","game_id":"g\#(game)","stop_timeout_seconds":1}"#
            )
            let start = Push(
                at: horizon + .milliseconds(1),
                id: "again\(game)",
                text: #"{"v":1,"id":"again\#(game)","kind":"start","game_id":"g\#(game)","image":"engine:1"}"#
            )
            return failover == nil ? [stop] : [stop, start]
        }
    }

    private static func pushes(
        _ random: inout SeededGenerator,
        longestPause: Int,
        hasLimits: Bool
    ) -> [Push] {
        var at = Duration.milliseconds(100)
        let count = Int.random(in: 2...9, using: &random)
        return (1...count).map { number in
            at += .milliseconds(Int.random(in: 0...longestPause, using: &random))
            let kind =
                [JobKind.start, .start, .start, .restart, .stop, .stop, .remove].randomElement(using: &random) ?? .stop
            let id: JobID = "j\(number)"
            let game: GameID = "g\(Int.random(in: 1...games, using: &random))"
            return Push(at: at, id: id, text: text(kind, id, game, hasLimits, &random))
        }
    }

    private static func text(
        _ kind: JobKind,
        _ id: JobID,
        _ game: GameID,
        _ hasLimits: Bool,
        _ random: inout SeededGenerator
    ) -> String {
        func dice(_ most: Int) -> Int { Int.random(in: 0..<most, using: &random) }
        var more = ""
        if kind == .start || kind == .restart && dice(2) == 0 {
            let images = [
                "engine:1", "engine:1", "engine:1", "engine:2", "engine:stubborn", "engine:brief", "engine:far",
                "engine:none",
            ]
            let image = dice(4) == 0 ? "engine:health" : images[dice(images.count)]
            more += #","image":"\#(image)""#
            if image == "engine:health", dice(2) == 0 { more += #","ready_timeout_seconds":\#(1 + dice(3))"# }
        }
        if hasLimits, kind == .start || kind == .restart && dice(2) == 0 {
            more += #","limits":{"memory":"\#([64, 128, 256, 400][dice(4)])m"}"#
        }
        if kind != .start { more += #","stop_timeout_seconds":\#(dice(3))"# }
        if kind == .remove, dice(2) == 0 { more += #","force":true"# }
        if kind == .stop || kind == .remove, dice(8) == 0 {
            more += #","container_id":"\#(String(repeating: "a", count: 64))""#
        }
        if dice(10) == 0 { more += #","deadline":"\#(World.start.advanced(by: .seconds(dice(9))).rfc3339)""# }
        if dice(6) == 0 { more += #","max_attempts":\#(1 + dice(3))"# }
        let word = dice(25) == 0 ? "fly" : kind.rawValue
        return #"{"v":1,"id":"\#(id)","kind":"\#(word)","game_id":"\#(game)"\#(more)}"#
    }
}

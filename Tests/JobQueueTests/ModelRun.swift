import QueueAdmin
import JobContract
import Redis
import Testing

@testable import JobQueue
@testable import Models
@testable import Support

/// One run of random operations on the real scripts and on the model, which must agree after each.
///
/// Time is left out: leases last for hours, and what has to lapse or become due is made so by hand.
struct ModelRun {
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    static let games = (1...7).map { "g\($0)" as GameID }
    static let queueNames = ["high", "low"]
    /// Worker, node, and what the worker knows of the node's capacity. The smallest values of a node hold.
    static let workers = [
        ("w1", "n1" as NodeID, NodeCapacity(memory: 3_000 << 20)), ("w2", "n1", NodeCapacity(memory: 2_000 << 20)),
        ("w3", "n2", NodeCapacity(slots: 2)), ("w4", "n2", NodeCapacity(slots: 3, cpu: 9_000)),
    ]
    static let capacities: [NodeID: NodeCapacity] = [
        "n1": NodeCapacity(memory: 2_000 << 20), "n2": NodeCapacity(slots: 2, cpu: 9_000),
    ]

    let world: QueueWorld
    var model: LaneModel
    var random: SeededGenerator
    var queues: [String: JobQueue] = [:]
    /// What runs, by id, and who runs it.
    var held: [(job: ClaimedJob, worker: String, node: NodeID)] = []
    /// Tokens that were replaced or used up.
    var stale: [(job: ClaimedJob, worker: String)] = []
    var nextID = 0
    /// The messages of a queue that an intake has read ahead.
    var ahead: [String: [WaitingMessage]] = [:]
    var lastOperations: [String] = []
    /// The results that are compared: how many, the entry of the last, and their ids and runs.
    var comparedResults = 0
    var lastResult: String?
    var idsWithResult: Set<String> = []

    init(_ world: QueueWorld, seed: UInt64) {
        self.world = world
        random = SeededGenerator(seed: seed)
        model = LaneModel(world.options)
        model.capacities = Self.capacities
        for (worker, node, capacity) in Self.workers {
            var options = world.options
            options.capacity = capacity
            queues[worker] = world.worker(worker, node: node, options: options)
        }
    }

    mutating func begin() async throws {
        // As if the namespace were old: nobody waits for nodes that may still come.
        try await world.makeOld()
        // A sweep moves the lanes of a lost node, for all queues.
        let names = Self.queueNames.map { RedisArgument.string($0) }
        _ = try await world.client.send(RedisCommand("SADD", arguments: [.string(world.keys.queues)] + names))
        for (worker, node, _) in Self.workers {
            try await queue(worker).announce([])
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

    func queue(_ worker: String) -> JobQueue { queues[worker] ?? world.worker(worker) }

    mutating func note(_ text: String) {
        lastOperations.append(text)
        if lastOperations.count > 30 { lastOperations.removeFirst() }
    }

    mutating func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: try await push()
        case 30..<38: try await intake()
        case 38..<48: try await takeIn()
        case 48..<68: try await claim()
        case 68..<81: try await finish()
        case 81: try await loseRecord()
        case 82..<86: try await retry()
        case 86: try await release()
        case 87..<89: try await reserve()
        case 89: try await lapses()
        case 90..<94: try await becomeDue()
        case 94: try await beat()
        case 95: try await pauseOrResume()
        case 96: try await Int.random(in: 0..<4, using: &random) == 0 ? loseNode() : join()
        case 97: try await requeue()
        case 98: try await useStaleToken()
        default: try await wakeWaiter()
        }
    }

    // MARK: Comparison

    func agree<Value: Equatable>(_ real: Value, _ expected: Value, _ what: String) throws {
        if real != expected { throw Disagreement(description: "\(what): Redis says \(real), the model \(expected)") }
    }
}

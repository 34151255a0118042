import JobContract
import QueueAdmin
import Terminal

/// Why a job waits, in the same words in every command and on every page.
package enum WaitReason: Sendable, Equatable {
    /// No worker of the game's node, or not its Docker Engine, has answered for this number of milliseconds.
    case nodeSilent(Int64)
    /// The game's node begins no start.
    case nodeDrained
    /// Every living node that serves the job's queue begins no start.
    case allNodesDrained
    /// The game's node was lost, and first stops the games that it no longer owns.
    case nodeReturning
    case queuePaused
    /// The window of admitted jobs has no capacity.
    case windowFull
    /// No living worker takes messages of the queue.
    case unserved
    /// No node that may run the game has capacity for it: what is used of what, in words.
    case noCapacity(String)
    /// Another job of the game comes first.
    case behind(JobID)
    /// An attempt failed; the next attempt follows after this number of milliseconds.
    case retry(Int64)

    /// Returns the reason for a job that could begin, as far as anybody knows; nil: the job waits for a free permit or for
    /// capacity.
    package static func ofReadyJob(_ detail: JobDetail) -> WaitReason? {
        if detail.isQueuePaused { return .queuePaused }
        guard let node = detail.owner else { return ofUnownedJob(detail) }
        switch NodeState(node, now: detail.now, lease: detail.lease) {
        case .silent(let time), .withoutEngine(let time), .lost(let time): return .nodeSilent(time)
        case .returning: return .nodeReturning
        case .draining: return detail.list?.hasPrefix("ready:start:") == true ? .nodeDrained : nil
        case .up, .joining:
            guard let demand = detail.demand else { return nil }
            return CapacityText.missing(for: demand, on: node, held: detail.held).map { .noCapacity($0) }
        }
    }

    /// Returns the reason for a job that any node may run.
    private static func ofUnownedJob(_ detail: JobDetail) -> WaitReason? {
        if !detail.isQueueServed { return .unserved }
        guard let demand = detail.demand else { return nil }
        let states = detail.nodes.map { NodeState($0, now: detail.now, lease: detail.lease) }
        let living = zip(detail.nodes, states).filter { !$1.isAway }.map(\.0)
        if !detail.lacksNodes, !living.isEmpty, living.allSatisfy(\.isDraining) { return .allNodesDrained }
        let nodes = zip(detail.nodes, states).filter { $1 == .up }.map(\.0)
        let missing = nodes.compactMap { CapacityText.missing(for: demand, on: $0) }
        guard !nodes.isEmpty, missing.count == nodes.count else { return nil }
        // Of several nodes, all slots together are the shortest answer.
        let (games, slots) = nodes.reduce((0, 0)) { ($0.0 + $1.games, $0.1 + $1.capacity.slots) }
        let isOfSlots = nodes.allSatisfy { $0.capacity.slots > 0 && $0.games >= $0.capacity.slots }
        return .noCapacity(isOfSlots ? "\(games) of \(slots) slots" : missing[0])
    }

    /// Returns the reason for a message that no worker has taken in; nil: it waits for its turn.
    ///
    /// - Parameter isWindowFull: Whether the window admits no job of this kind.
    package static func ofQueuedJob(_ queue: QueueOverview, isWindowFull: Bool) -> WaitReason? {
        if queue.isPaused { return .queuePaused }
        if queue.workers == 0 { return .unserved }
        return isWindowFull ? .windowFull : nil
    }

    /// Returns what a message waits for, in words: the reason, or else its place.
    ///
    /// - Parameter before: The number of messages before this message.
    package static func phrase(_ queue: QueueOverview, before: Int, isWindowFull: Bool) -> String {
        if let reason = ofQueuedJob(queue, isWindowFull: isWindowFull) { return "waits: \(reason.phrase)" }
        return "in queue \(queue.name), \(TextTable.grouped(before)) before it"
    }

    /// The reason without its details. Metrics have the same word as a label.
    package var word: WaitWord {
        switch self {
        case .nodeSilent: .nodeSilent
        case .nodeDrained, .allNodesDrained: .nodeDrained
        case .nodeReturning: .nodeReturning
        case .queuePaused: .queuePaused
        case .windowFull: .windowFull
        case .unserved: .unserved
        case .noCapacity: .noCapacity
        case .behind: .behind
        case .retry: .retry
        }
    }

    /// The reason in words.
    package var phrase: String {
        switch self {
        case .nodeSilent(let time): "\(word.rawValue) for \(ShortTime.span(milliseconds: time))"
        case .allNodesDrained: "\(word.rawValue), as are all: rtmanager node resume NODE"
        case .noCapacity(let words): "\(word.rawValue): \(words)"
        case .behind(let id): "\(word.rawValue) \(ShortID.text(id.text))"
        case .retry(let pause): "\(word.rawValue) in \(ShortTime.span(milliseconds: pause))"
        case .nodeDrained, .nodeReturning, .queuePaused, .windowFull, .unserved: word.rawValue
        }
    }
}

extension QueuedMessage {
    /// Why the message waits; nil: it waits for its turn.
    var reason: WaitReason? { .ofQueuedJob(state, isWindowFull: isWindowFull) }

    /// What the message waits for, and its place.
    var sentence: String {
        let place = "queue \(queue), \(TextTable.grouped(before)) before it"
        return reason.map { "waits: \($0.phrase) (\(place))" } ?? "in \(place): no worker has taken it in"
    }

    /// What the message waits for, in words.
    package var phrase: String { WaitReason.phrase(state, before: before, isWindowFull: isWindowFull) }
}

import JobContract
import JobQueue
import QueueAdmin
import Terminal

/// The state of a node.
package enum NodeState: Sendable, Equatable {
    case up
    /// The node begins no start.
    case draining
    /// The node's workers have not announced yet which games the node owns.
    case joining
    /// The node was silent for the grace time, and is lost for this number of milliseconds.
    case lost(Int64)
    /// Workers of a lost node live again. The node has to stop this number of games before it takes jobs.
    case returning(Int)
    /// The node has no living worker, for this number of milliseconds.
    case silent(Int64)
    /// The node's workers live but the Docker Engine does not answer, for this number of milliseconds.
    case withoutEngine(Int64)

    package init(_ node: NodeOverview, _ overview: FleetOverview) {
        self.init(node, now: overview.now, lease: overview.lease)
    }

    /// - Parameters:
    ///   - now: The time of Redis in ms since 1970.
    ///   - lease: The length of a lease in ms.
    init(_ node: NodeOverview, now: Int64, lease: Int64) {
        let silence = now - node.seen
        if let lostAt = node.lostAt {
            self = node.workers > 0 ? .returning(node.disowned) : .lost(now - lostAt)
        } else if node.workers == 0 {
            self = .silent(silence)
        } else if silence > 2 * lease {
            self = .withoutEngine(silence)
        } else if !node.hasReported {
            self = .joining
        } else {
            self = node.isDraining ? .draining : .up
        }
    }

    /// The word for the state in the JSON output.
    package var word: String {
        switch self {
        case .up: "up"
        case .draining: "draining"
        case .joining: "joining"
        case .lost: "lost"
        case .returning: "returning"
        case .silent: "silent"
        case .withoutEngine: "engine_away"
        }
    }

    /// Whether no worker of the node gives a sign of life.
    var isAway: Bool {
        switch self {
        case .lost, .silent: true
        case .up, .draining, .joining, .returning, .withoutEngine: false
        }
    }

    /// Returns a state of a game on this node. Nobody knows what runs on a node without a sign of life.
    package func cell(ofRunning cell: TextTable.Cell) -> TextTable.Cell {
        isAway ? .init("\(cell.text) (node \(word))", .bad) : cell
    }

    package var cell: TextTable.Cell {
        switch self {
        case .up: .init("up", .good)
        case .draining: .init("draining", .notable)
        case .joining: .init("joining", .notable)
        case .lost(let time): .init("lost \(ShortTime.span(milliseconds: time))", .bad)
        case .returning(let games): .init("returning: \(games) games to stop", .notable)
        case .silent(let silence): .init("silent \(ShortTime.span(milliseconds: silence))", .bad)
        case .withoutEngine(let silence): .init("engine away \(ShortTime.span(milliseconds: silence))", .bad)
        }
    }
}

extension FleetOverview {
    /// Whether every living node is drained while ready jobs wait. A part of the nodes tells nothing of the others.
    package var startsLackNode: Bool {
        guard queues.contains(where: { $0.readyStarts > 0 }) || nodes.contains(where: { $0.ready > 0 }) else {
            return false
        }
        guard nodes.count >= nodeCount else { return drainingCount >= nodeCount }
        let living = nodes.filter { !NodeState($0, self).isAway }
        return !living.isEmpty && living.allSatisfy(\.isDraining)
    }

    /// The states of the nodes.
    package var nodeStates: [NodeID: NodeState] {
        Dictionary(nodes.map { ($0.id, NodeState($0, self)) }) { first, _ in first }
    }
}

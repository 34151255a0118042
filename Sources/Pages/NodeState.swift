import JobQueue
import Terminal

/// How a node fares.
package enum NodeState: Sendable, Equatable {
    case up
    /// It begins no start.
    case draining
    /// Its workers have not told yet what it owns.
    case joining
    /// No worker of it lives, for that many ms.
    case silent(Int64)
    /// Workers live, and the Engine does not answer, for that many ms.
    case withoutEngine(Int64)

    package init(_ node: NodeOverview, _ overview: FleetOverview) {
        let silence = overview.now - node.seen
        if node.workers == 0 {
            self = .silent(silence)
        } else if silence > 2 * overview.lease {
            self = .withoutEngine(silence)
        } else if !node.hasTold {
            self = .joining
        } else {
            self = node.isDraining ? .draining : .up
        }
    }

    /// The word of the JSON output.
    package var word: String {
        switch self {
        case .up: "up"
        case .draining: "draining"
        case .joining: "joining"
        case .silent: "silent"
        case .withoutEngine: "engine_away"
        }
    }

    package var cell: TextTable.Cell {
        switch self {
        case .up: .init("up", .good)
        case .draining: .init("draining", .notable)
        case .joining: .init("joining", .notable)
        case .silent(let silence): .init("silent \(ShortTime.span(milliseconds: silence))", .bad)
        case .withoutEngine(let silence): .init("engine away \(ShortTime.span(milliseconds: silence))", .bad)
        }
    }
}

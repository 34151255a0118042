import JobContract
import JobQueue
import QueueAdmin

/// The node that a person means by a text: a name, a whole id, or the begin of an id.
package enum NamedNode: Sendable, Equatable {
    case node(NodeID)
    case unknown(String)
    case ambiguous(String, [NodeID])

    /// Looks for the node in Redis.
    package static func read(_ text: String, _ queue: JobQueue) async throws -> NamedNode {
        NamedNode(text, try await queue.nodes(named: text))
    }

    /// - Parameter candidates: The nodes that the text may mean.
    package init(_ text: String, _ candidates: [NodeID]) {
        switch candidates.count {
        case 0: self = .unknown(text)
        case 1: self = .node(candidates[0])
        default: self = .ambiguous(text, candidates)
        }
    }

    /// Why the text means no node; nil: it means one.
    package var problem: String? {
        switch self {
        case .node: nil
        case .unknown(let text):
            "no worker of node \(text) was ever seen here" + NameText.beginRule(text, least: JobQueue.leastNodePrefix)
        case .ambiguous(let text, let nodes): NameText.ambiguous("node", text, nodes.map(\.text))
        }
    }

    /// The nodes that the text may mean, if there are several.
    package var candidates: [NodeID] { if case .ambiguous(_, let nodes) = self { nodes } else { [] } }
}

/// Sentences about names that mean nothing, or several things.
package enum NameText {
    /// The largest number of candidates in a sentence.
    package static let mostCandidates = 5

    /// Returns words for a text that is too short for the begin of an id; empty: the text is long enough.
    package static func beginRule(_ text: String, least: Int) -> String {
        text.utf8.count < least ? ", and the begin of an id needs at least \(least) characters" : ""
    }

    package static func ambiguous(_ thing: String, _ text: String, _ candidates: [String]) -> String {
        let shown = candidates.prefix(mostCandidates).joined(separator: ", ")
        let more = candidates.count > mostCandidates ? ", and more" : ""
        return "\(text) names more than one \(thing): \(shown)\(more); give more characters"
    }
}

import JobContract
import JobQueue

/// A change by a person of what workers take or begin.
package enum ServiceChange: Sendable, Equatable {
    case pause(queue: String)
    case resume(queue: String)
    case drain(node: NodeID)
    case resumeNode(NodeID)

    /// Creates the change with a word and a target; nil: no change has the word.
    package init?(word: String, target: String) {
        let node = NodeID(target)
        let changes = [Self.pause(queue: target), .resume(queue: target), .drain(node: node), .resumeNode(node)]
        guard let change = changes.first(where: { $0.word == word }) else { return nil }
        self = change
    }

    /// The word for the change on `{ns}:audit`.
    package var word: String {
        switch self {
        case .pause: "pause"
        case .resume: "resume"
        case .drain: "drain"
        case .resumeNode: "resume-node"
        }
    }

    /// The queue or the node.
    package var target: String {
        switch self {
        case .pause(let queue), .resume(let queue): queue
        case .drain(let node), .resumeNode(let node): node.text
        }
    }

    /// What has come of the change.
    ///
    /// - Parameter isNew: Whether anything has changed.
    package func sentence(isNew: Bool) -> String {
        switch self {
        case .pause(let queue): isNew ? "\(queue) is paused" : "\(queue) was paused already"
        case .resume(let queue): isNew ? "\(queue) is resumed" : "\(queue) was not paused"
        case .drain(let node): isNew ? "\(node) begins no more starts" : "\(node) was drained already"
        case .resumeNode(let node): isNew ? "\(node) begins starts again" : "\(node) was not drained"
        }
    }
}

extension JobQueue {
    /// Makes a change. Returns whether anything has changed.
    package func make(_ change: ServiceChange) async throws(QueueError) -> Bool {
        switch change {
        case .pause(let queue): try await pause(queue: queue)
        case .resume(let queue): try await resume(queue: queue)
        case .drain(let node): try await drain(node: node)
        case .resumeNode(let node): try await resume(node: node)
        }
    }
}

import JobContract
import JobQueue
import QueueAdmin
import Terminal

// Ids in arguments: whole, or an unambiguous begin.
extension Actions {
    /// Returns the node that an argument names.
    static func resolve(node text: String, _ queue: JobQueue) async throws -> NodeID {
        let nodes = try await queue.nodes(named: text)
        guard nodes.count <= 1 else { throw ambiguous("node", text, nodes.map(\.text)) }
        guard let node = nodes.first else { throw unknownNode(NodeID(text)) }
        return node
    }

    /// Returns the dead letter that an argument names.
    static func resolve(letter text: String, _ queue: JobQueue) async throws -> DeadLetter {
        let letters = try await queue.deadLetters(named: text)
        guard letters.count <= 1 else { throw ambiguous("dead letter", text, letters.map(\.jobID.text)) }
        guard let letter = letters.first else {
            throw CommandError.failed("there is no dead letter \(text); `rtmanager dead list` shows all")
        }
        return letter
    }

    static func ambiguous(_ thing: String, _ text: String, _ candidates: [String]) -> CommandError {
        let shown = candidates.prefix(5).joined(separator: ", ")
        let more = candidates.count > 5 ? ", and more" : ""
        return .failed("\(text) names more than one \(thing): \(shown)\(more); give more characters")
    }
}

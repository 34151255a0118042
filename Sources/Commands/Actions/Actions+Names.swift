import JobContract
import JobQueue
import QueueAdmin
import Settings
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

    /// Throws if nothing was ever in the namespace although this Redis has others: then the namespace is probably wrong.
    static func requireData(_ queue: JobQueue, _ context: CommandContext) async throws {
        guard try await !queue.hasData() else { return }
        let others = try await queue.otherNamespaces()
        guard !others.isEmpty else { return }
        let more = others.count > 10 ? ", and more" : ""
        throw CommandError.failed(
            "nothing was ever in namespace \(context.settings.namespace); on this Redis: "
                + "\(others.prefix(10).joined(separator: ", "))\(more) (RTM_NAMESPACE, --namespace)"
        )
    }

    static func ambiguous(_ thing: String, _ text: String, _ candidates: [String]) -> CommandError {
        let shown = candidates.prefix(5).joined(separator: ", ")
        let more = candidates.count > 5 ? ", and more" : ""
        return .failed("\(text) names more than one \(thing): \(shown)\(more); give more characters")
    }
}

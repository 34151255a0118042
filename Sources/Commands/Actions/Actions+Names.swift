import Diagnostics
import JobContract
import JobQueue
import Pages
import QueueAdmin
import Redis
import Settings
import Terminal

// Ids in arguments: whole, or an unambiguous begin.
extension Actions {
    /// Returns the node that an argument names.
    static func resolve(node text: String, _ queue: JobQueue) async throws -> NodeID {
        let named = try await NamedNode.read(text, queue)
        if case .node(let node) = named { return node }
        throw named.candidates.isEmpty ? unknownNode(text) : CommandError.failed(named.problem ?? text)
    }

    /// Returns the dead letter that an argument names.
    static func resolve(letter text: String, _ queue: JobQueue) async throws -> DeadLetter {
        let letters = try await queue.deadLetters(named: text)
        guard letters.count <= 1 else { throw ambiguous("dead letter", text, letters.map(\.jobID.text)) }
        guard let letter = letters.first else { throw unknownLetter(text) }
        return letter
    }

    /// The error for a node that nobody knows.
    static func unknownNode(_ text: String) -> CommandError {
        .failed((NamedNode.unknown(text).problem ?? text) + "; `rtmanager node list` shows all")
    }

    /// The error for a job that nobody knows.
    static func unknownJob(_ id: JobID) -> CommandError {
        let rule = NameText.beginRule(id.text, least: JobQueue.leastJobPrefix)
        guard rule.isEmpty else { return .failed("job \(id) is not known\(rule); `rtmanager jobs` shows ids") }
        return .failed(
            "job \(id) is not known: no worker has taken it in, or its record has expired; "
                + "it is not among the oldest \(JobPage.mostMessages) messages of each queue"
        )
    }

    /// The error for a game that nobody knows.
    ///
    /// - Parameter searched: The number of searched entries of each stream.
    static func unknownGame(_ game: GameID, searched: Int) -> CommandError {
        .failed(
            "nothing is known of game \(game): it has no container and no job, no message among the oldest "
                + "\(JobPage.mostMessages) of each queue, and no entry of the latest \(searched) of each stream"
        )
    }

    /// The error for a dead letter that does not exist.
    static func unknownLetter(_ text: String) -> CommandError {
        let rule = NameText.beginRule(text, least: JobQueue.leastJobPrefix)
        return .failed("there is no dead letter \(text)\(rule); `rtmanager dead list` shows all")
    }

    /// Throws if nothing was ever in the namespace although this Redis has others, or if the user may not use the keys:
    /// then the namespace is probably wrong.
    static func requireData(_ queue: JobQueue, _ context: CommandContext) async throws {
        switch try await queue.namespaceState() {
        case .used: return
        case .forbidden: throw await forbiddenNamespace(queue)
        case .empty:
            let others = try await queue.otherNamespaces()
            guard !others.isEmpty else { return }
            throw CommandError.failed(
                "nothing was ever in namespace \(context.settings.namespace); on this Redis: \(list(others)) "
                    + "(RTM_NAMESPACE, --namespace)"
            )
        }
    }

    /// Returns the error for a namespace whose keys the user may not use, with the namespaces of this Redis if the user
    /// may see them.
    static func forbiddenNamespace(_ queue: JobQueue) async -> CommandError {
        let others = (try? await queue.otherNamespaces()) ?? []
        let hint = others.isEmpty ? "" : " On this Redis: \(list(others))."
        let user = queue.client.configuration.username ?? "default"
        return .failed(RedisPermissions.forbidden(user: user, queue.keys) + "; is RTM_NAMESPACE right?" + hint)
    }

    private static func list(_ namespaces: [String]) -> String {
        namespaces.prefix(10).joined(separator: ", ") + (namespaces.count > 10 ? ", and more" : "")
    }

    static func ambiguous(_ thing: String, _ text: String, _ candidates: [String]) -> CommandError {
        .failed(NameText.ambiguous(thing, text, candidates))
    }
}

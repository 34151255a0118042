import JobContract
import Redis

/// A key of a wrong type, usually written by hand.
package struct KeyProblem: Sendable, Equatable, CustomStringConvertible {
    package var key: String
    /// The required type of the key, as named by Redis.
    package var expected: String
    /// The actual type of the key.
    package var found: String
    /// The consequence for the deployment.
    package var consequence: String

    package init(key: String, expected: String, found: String, consequence: String) {
        self.key = key
        self.expected = expected
        self.found = found
        self.consequence = consequence
    }

    package var description: String { "\(key) is a \(found), not a \(expected): \(consequence)" }
}

extension JobQueue {
    private typealias Rule = (key: String, type: String, consequence: String)

    /// Returns the keys of a wrong type (Redis `TYPE`), among the shared keys of the namespace and the keys of these
    /// queues.
    ///
    /// - Parameter names: The queues; nil: the worker's queues.
    package func keyProblems(ofQueues names: [String]?) async throws(QueueError) -> [KeyProblem] {
        let rules = rules(names ?? options.queues)
        let types = try await pipeline(rules.map { RedisCommand("TYPE", .string($0.key)) })
        return zip(rules, types).compactMap { rule, type in
            guard let found = type.string, found != "none", found != rule.type else { return nil }
            return KeyProblem(key: rule.key, expected: rule.type, found: found, consequence: rule.consequence)
        }
    }

    private func rules(_ names: [String]) -> [Rule] {
        let standstill = "no job can be taken"
        var rules: [Rule] = [
            (keys.results, "stream", "no job can end, and its end is tried again and again"),
            (keys.dead, "stream", "dead letters are lost and only counted (dead_lost)"),
            (keys.events, "stream", "no event can be published, and it is tried again and again"),
            (keys.paused, "set", "no queue counts as paused"),
            (keys.draining, "set", "no node counts as drained"),
            (keys.prefix + "games", "hash", "it does not show what runs now"),
            (keys.prefix + "fences", "hash", "of two containers of a game, nobody knows the newer one"),
            (keys.prefix + "machines", "hash", "nobody notices a machine under the ids of two nodes"),
            (keys.prefix + "forgotten", "zset", "a forgotten node owns its games when it comes back"),
        ]
        rules += ["meta", "lanes", "owners"].map { (keys.prefix + $0, "hash", standstill) }
        rules += ["leases", "delayed", "workers", "nodes", "unreported", "deadlines", "lost_nodes", "loads"].map {
            (keys.prefix + $0, "zset", standstill)
        }
        for name in names {
            rules += keys.messageLists(name).map { ($0, "list", "nothing is taken from this queue") }
        }
        return rules
    }
}

import JobContract
import JobQueue
import Redis

/// What a namespace has.
package enum NamespaceState: Sendable, Equatable {
    /// A worker has lived in the namespace, or a message waits in the default queue.
    case used
    case empty
    /// The user of Redis may use none of the keys.
    case forbidden
}

/// Namespaces of a Redis, for a person who may have named a wrong one.
extension JobQueue {
    /// The largest number of keys to search for namespaces.
    private static let mostKeys = 200_000

    /// Returns what the namespace has.
    package func namespaceState() async throws(QueueError) -> NamespaceState {
        let lists = keys.messageLists("default")
        let answers = try await pipeline(
            ([keys.meta, keys.queues, keys.paused, keys.dead, keys.results, keys.prefix + "nodes"] + lists)
                .map { RedisCommand("EXISTS", .string($0)) }
        )
        if answers.allSatisfy(Self.refusesKey) { return .forbidden }
        // Any other error says nothing about the key.
        return answers.contains { $0.integer != 0 } ? .used : .empty
    }

    /// Returns whether Redis refuses the key of a command, and not the command itself ("to run the 'exists' command").
    private static func refusesKey(_ answer: RedisValue) -> Bool {
        guard case .error(let error) = answer else { return false }
        return error.code == "NOPERM" && error.message.contains("access")
    }

    /// Returns the other namespaces with data on this Redis, sorted, of the first 200,000 keys. A node of a cluster knows
    /// only its own.
    package func otherNamespaces() async throws(QueueError) -> [String] {
        var found: Set<String> = []
        var cursor = "0"
        var searched = 0
        repeat {
            let answer = try await command(RedisCommand("SCAN", .string(cursor), "MATCH", "{*}:meta", "COUNT", 2_000))
            cursor = answer.array?.first?.string ?? "0"
            for key in (answer.array?.last?.array ?? []).compactMap(\.string) where key != keys.meta {
                found.insert(String(key.dropFirst().dropLast("}:meta".count)))
            }
            searched += 2_000
        } while cursor != "0" && searched < Self.mostKeys
        return found.sorted()
    }
}

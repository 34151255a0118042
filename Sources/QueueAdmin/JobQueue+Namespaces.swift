import JobContract
import JobQueue
import Redis

/// Namespaces of a Redis, for a person who may have named a wrong one.
extension JobQueue {
    /// The largest number of keys to search for namespaces.
    private static let mostKeys = 200_000

    /// Returns whether a worker has ever lived in the namespace, or a message waits in the default queue.
    package func hasData() async throws(QueueError) -> Bool {
        let lists = keys.messageLists("default")
        let answers = try await pipeline(
            ([keys.meta, keys.queues, keys.paused, keys.dead, keys.results, keys.prefix + "nodes"] + lists)
                .map { RedisCommand("EXISTS", .string($0)) }
        )
        // A refused command says nothing about the key.
        return answers.contains { $0.integer != 0 }
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

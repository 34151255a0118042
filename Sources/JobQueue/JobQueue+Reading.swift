import JobContract
import Redis

/// Reading for people and metrics, where a single damaged key must not hide the rest.
extension JobQueue {
    /// The greatest number of keys to search for queues that no worker serves.
    private static let mostKeysSearched = 200_000

    /// Returns the names of the queues that hold messages (Redis `SCAN`), and whether the search has seen all keys.
    package func queuesWithMessages() async throws(QueueError) -> (names: Set<String>, isComplete: Bool) {
        var names: Set<String> = []
        let begin = keys.queue("")
        var cursor = "0"
        var searched = 0
        repeat {
            let answer = try await command(
                RedisCommand("SCAN", .string(cursor), "MATCH", .string(Self.glob(begin) + "*"), "COUNT", 2_000)
            )
            cursor = answer.array?.first?.string ?? "0"
            for key in answer.array?.last?.array ?? [] {
                if let name = key.string?.dropFirst(begin.count) { names.insert(String(name)) }
            }
            searched += 2_000
        } while cursor != "0" && searched < Self.mostKeysSearched
        return (names, cursor == "0")
    }

    /// Returns the reply to a command, also if the reply is an error.
    ///
    /// A key of a wrong type must not hide what other keys hold.
    package func lenient(_ command: RedisCommand) async throws(QueueError) -> RedisValue {
        try await pipeline([command])[0]
    }

    /// Returns the members of a set; none if the key has another type.
    package func members(_ key: String) async throws(QueueError) -> [String] {
        (try await lenient(RedisCommand("SMEMBERS", .string(key))).array ?? []).compactMap(\.string)
    }

    /// Returns a score in ms. Redis may write a score as a number with an exponent.
    package static func milliseconds(_ score: String) -> Int64 {
        Int64(score) ?? Double(score).flatMap { Int64(exactly: $0.rounded()) } ?? 0
    }

    /// Returns a pattern that matches exactly `text`.
    package static func glob(_ text: String) -> String {
        text.reduce(into: "") { pattern, character in
            if "*?[]\\".contains(character) { pattern += "\\" }
            pattern.append(character)
        }
    }
}

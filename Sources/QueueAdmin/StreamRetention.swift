import JobContract
import JobQueue
import Redis

/// The bounds of the streams `{ns}:results` and `{ns}:events`, as all workers share them.
package struct StreamRetention: Sendable, Equatable {
    /// The largest number of entries.
    package var entries: Int
    /// The greatest age of an entry, in ms.
    package var age: Int64

    package init(entries: Int, age: Int64) {
        self.entries = entries
        self.age = age
    }

    /// Reads the bounds from the shared settings; nil if no worker has registered yet.
    init?(settings: String) {
        guard let entries = JobQueue.number("retention_entries", in: settings),
            let age = JobQueue.number("retention_ms", in: settings)
        else { return nil }
        self.init(entries: Int(entries), age: age)
    }
}

extension JobQueue {
    /// Returns the bounds of the streams; nil if no worker has registered yet.
    package func streamRetention() async throws(QueueError) -> StreamRetention? {
        let settings = try await lenient(RedisCommand("HGET", .string(keys.meta), "settings"))
        return StreamRetention(settings: settings.string ?? "")
    }
}

import JobContract
import Primitives
import Redis

/// The work that comes first at one place of a queue.
package struct OldestWork: Sendable, Equatable {
    /// A name that only this work has at this place.
    package var id: String
    /// The push time, as its producer wrote it; nil if the producer wrote none.
    package var pushedAt: Timestamp?

    package init(id: String, pushedAt: Timestamp? = nil) {
        self.id = id
        self.pushedAt = pushedAt
    }
}

extension JobQueue {
    /// Returns what comes first in the inbox, in the queue, and on each ready list that this node may take from.
    ///
    /// - Parameter pushedAt: Returns the push time written in a message; nil if the message has none.
    package func oldestWork(
        of queue: String,
        pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> [OldestWork] {
        var works: [OldestWork] = []
        for list in keys.messageLists(queue) {
            if let work = try await oldestMessage(of: list, pushedAt) { works.append(work) }
        }
        let ready = ["start", "stop"].map { keys.ready($0, queue) }
        let lists = ready + ready.map { "\($0):\(worker.node.text)" }
        let games = try await pipeline(lists.map { RedisCommand("ZRANGE", .string($0), 0, 0) })
            .compactMap { $0.array?.first?.string }
        guard !games.isEmpty else { return works }
        let lanes = try await lenient(
            RedisCommand("HMGET", arguments: ([keys.prefix + "lanes"] + games).map { .string($0) })
        )
        let heads = (lanes.array ?? []).compactMap { $0.string.flatMap(LaneRecord.init)?.head }
        let records = try await pipeline(
            heads.map { RedisCommand("HGET", .string(keys.job($0)), .string(JobRecord.live)) }
        )
        return works
            + zip(heads, records).map { head, record in
                let facts = JobRecord.named([JobRecord.live: record.string ?? ""])
                return OldestWork(id: head.text, pushedAt: facts["_enqueued_at"].flatMap { Timestamp(rfc3339: $0) })
            }
    }

    /// Returns the oldest message of a list; nil if the list is empty. The reply has a bounded size.
    private func oldestMessage(
        of list: String,
        _ pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> OldestWork? {
        let answer = try await call(
            .page,
            keys: [list],
            [
                "skipped": 0, "most": 1, "one_bytes": JSONValue(JobDecoder.maximumMessageBytes),
                "all_bytes": JSONValue(JobDecoder.maximumMessageBytes),
            ]
        )
        guard let row = answer.array?.first else { return nil }
        guard let bytes = row.bytes else { return OldestWork(id: row.array?.last?.string ?? "") }
        return OldestWork(id: JobDecoder.sha1(of: bytes), pushedAt: pushedAt(bytes))
    }
}

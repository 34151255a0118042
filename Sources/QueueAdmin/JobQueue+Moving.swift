import JobContract
import JobQueue
import Primitives
import Redis

/// The waiting messages of a queue, and the queue's workers.
package struct MovableMessages: Sendable, Equatable {
    /// The number of messages, those of the inbox included.
    package var count = 0
    /// The oldest messages; all of them if they are few.
    package var oldest: [ListedMessage] = []
    /// The names of the queue's living workers.
    package var workers: [String] = []

    package init() {}
}

/// Moving the messages of a queue without a worker.
extension JobQueue {
    /// The greatest number of messages in one call.
    private static let moveBatch = 100
    /// The size at which a call ends, in bytes.
    private static let moveBytes = 1 << 20

    /// Returns the state of a queue, with at most `limit` messages.
    package func movable(from queue: String, limit: Int) async throws(QueueError) -> MovableMessages {
        var found = MovableMessages()
        found.workers = try await workers(serving: queue)
        found.count = try await depth(of: queue).waiting
        found.oldest = try await peek(queue: queue, limit: min(limit, found.count))
        return found
    }

    /// Moves some of the oldest messages of a queue to the end of another queue, in order (`move`). Each message is in
    /// exactly one of the two queues at any time.
    ///
    /// - Parameter most: The greatest number of messages; a call may move fewer.
    /// - Returns: The number of moved messages; 0 if none is left.
    package func move(from source: String, to target: String, most: Int) async throws(QueueError) -> Int {
        let answer = try await call(
            .move,
            keys: keys.messageLists(source) + [keys.queue(target)],
            ["most": JSONValue(min(most, Self.moveBatch)), "all_bytes": JSONValue(Self.moveBytes)]
        )
        guard let count = answer.integer else { throw unexpected(.move, answer) }
        return Int(count)
    }

    /// Returns the sorted names of the queues with messages and without a living worker, of the first 200,000 keys.
    package func queuesWithoutWorker() async throws(QueueError) -> [String] {
        let served = Set(try await queuesOfWorkers().joined())
        return try await queuesWithMessages().names.subtracting(served).sorted()
    }

    /// Returns the sorted names of a queue's living workers.
    private func workers(serving queue: String) async throws(QueueError) -> [String] {
        try await livingWorkers().filter { $0.value.queues.contains(queue) }.map(\.key).sorted()
    }
}

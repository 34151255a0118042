import JobContract
import JobQueue
import Primitives
import Redis

/// A message of a queue, as shown to a person.
package enum ListedMessage: Sendable, Equatable {
    case bytes([UInt8])
    /// A message too large for a job: its size in bytes and its ``JobDecoder/sha1(of:)``.
    case tooLarge(size: Int, sha1: String)
}

/// A message that no worker has taken in, with its position.
package struct QueuedMessage: Sendable, Equatable {
    package var queue: String
    /// The figures of the queue: the reason for the wait.
    package var state: QueueOverview
    /// Whether the window admits no job of this kind.
    package var isWindowFull = false
    /// The number of messages before this message, within the searched part.
    package var before: Int
    package var message: [UInt8]

    package init(queue: String, before: Int, message: [UInt8]) {
        self.queue = queue
        state = QueueOverview(name: queue)
        self.before = before
        self.message = message
    }
}

extension JobQueue {
    private static let pageMessages = 100
    private static let pageBytes = 1 << 20

    /// Returns the oldest messages of `queue` without taking them. The inbox comes first.
    ///
    /// - Throws: ``QueueError`` if Redis does not answer, or if a key of the queue is no list.
    package func peek(queue: String, limit: Int) async throws(QueueError) -> [ListedMessage] {
        var messages: [ListedMessage] = []
        for list in keys.messageLists(queue) {
            var skipped = 0
            while messages.count < limit {
                let page = try await page(of: list, skipping: skipped, most: limit - messages.count)
                guard !page.isEmpty else { break }
                messages += page
                skipped += page.count
            }
        }
        return messages
    }

    /// Returns the first matching message of these queues.
    ///
    /// - Parameters:
    ///   - names: The queues, searched in this order.
    ///   - most: The number of oldest messages to search, in each queue and in its inbox.
    ///   - matches: Returns whether a message is the wanted message.
    package func find(
        inQueues names: [String],
        most: Int,
        _ matches: (_ message: [UInt8]) -> Bool
    ) async throws(QueueError) -> QueuedMessage? {
        for name in names {
            var before = 0
            for list in keys.messageLists(name) {
                var seen = 0
                while seen < most {
                    let page = try await page(of: list, skipping: seen, most: most - seen)
                    guard !page.isEmpty else { break }
                    for case (let index, .bytes(let message)) in page.enumerated() where matches(message) {
                        return QueuedMessage(queue: name, before: before + index, message: message)
                    }
                    before += page.count
                    seen += page.count
                }
            }
        }
        return nil
    }

    /// Returns messages of a list, oldest first; empty at the end of the list. A call reads a bounded number of bytes.
    ///
    /// - Parameters:
    ///   - skipped: The number of oldest messages to skip.
    ///   - most: The greatest number of messages.
    func page(of list: String, skipping skipped: Int, most: Int) async throws(QueueError) -> [ListedMessage] {
        let answer = try await call(
            .page,
            keys: [list],
            [
                "skipped": JSONValue(skipped), "most": JSONValue(min(most, Self.pageMessages)),
                "one_bytes": JSONValue(JobDecoder.maximumMessageBytes), "all_bytes": JSONValue(Self.pageBytes),
            ]
        )
        guard let rows = answer.array else { throw unexpected(.page, answer) }
        var messages: [ListedMessage] = []
        for row in rows {
            if let bytes = row.bytes {
                messages.append(.bytes(bytes))
            } else if let parts = row.array, parts.count == 2, let size = parts[0].integer, let sha1 = parts[1].string {
                messages.append(.tooLarge(size: Int(size), sha1: sha1))
            } else {
                throw unexpected(.page, answer)
            }
        }
        return messages
    }
}

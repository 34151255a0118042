import QueueAdmin
import Terminal

/// A queue with messages or jobs and without a living worker, with the command for a person.
package struct UnservedQueue: Sendable, Equatable {
    package let name: String
    /// The name and the content, such as `defualt (12 messages, the oldest pushed 5m02s ago)`.
    package let sentence: String
    /// The command for moving the messages; nil: no message waits, or no worker serves any queue.
    package let command: String?

    init(_ queue: QueueOverview, _ overview: FleetOverview) {
        name = queue.name
        let ready = queue.readyStarts + queue.readyStops
        let age = queue.oldest.map { "the oldest pushed \(ShortTime.span(milliseconds: overview.now - $0)) ago" }
        let facts = [
            queue.waiting > 0 ? ShortCount.text(queue.waiting, "message", "messages") : nil,
            ready > 0 ? "\(ShortCount.text(ready, "game", "games")) with a job" : nil, age,
        ]
        sentence = "\(MovePage.shown(queue.name)) (\(facts.compactMap { $0 }.joined(separator: ", ")))"
        let served = overview.queues.filter { $0.workers > 0 }.map(\.name)
        guard queue.waiting > 0, !served.isEmpty else {
            command = nil
            return
        }
        // Of several queues, only a person knows the right one.
        command = "rtmanager queue move \(ShellWord.quoted(queue.name)) \(served.count == 1 ? served[0] : "TO")"
    }
}

extension FleetOverview {
    /// The queues with messages or jobs and without a living worker.
    package var unservedQueues: [UnservedQueue] {
        queues.filter { $0.workers == 0 && $0.hasWork }.map { UnservedQueue($0, self) }
    }
}

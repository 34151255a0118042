import JobQueue
import QueueAdmin
import RuntimeCore
import Terminal

/// What a consumer group is about to lose to the trimming of its stream.
package struct GroupOutlook: Sendable, Equatable {
    package var group: StreamGroup
    /// The bounds of the stream; nil: unknown.
    package var retention: StreamRetention?
    /// The time of Redis, in ms since 1970.
    package var now: Int64

    package init(_ group: StreamGroup, _ retention: StreamRetention?, now: Int64) {
        self.group = group
        self.retention = retention
        self.now = now
    }

    /// The number of entries that the group has not read or not acknowledged; nil: Redis cannot tell.
    package var needed: Int? { group.lag.map { $0 + group.pending } }

    /// When the oldest of these entries is too old to be kept, in ms since 1970; nil: there is none, or nobody knows.
    package var trimmedAt: Int64? {
        guard let oldest = group.oldestNeeded, let retention else { return nil }
        return oldest + retention.age
    }

    /// Whether the group has lost entries, or will if nobody acts.
    package var isNear: Bool {
        guard let retention else { return group.hasLost }
        let age = group.oldestNeeded.map { Duration.milliseconds(max(0, now - $0)) }
        let backlog = StreamBacklog(entries: needed, age: age, hasLost: group.hasLost)
        let used = backlog.usedRetention(entries: retention.entries, age: .milliseconds(max(1, retention.age)))
        return used >= StreamBacklog.warningLevel
    }

    /// What the trimming will take, for people.
    package var text: String {
        if needed == 0 { return "nothing" }
        let count = needed.map { ShortCount.text($0, "entry", "entries") } ?? "unknown: Redis cannot count the entries"
        guard let retention else { return "\(count); unknown when: no worker has told the retention" }
        var bounds: [String] = []
        if let trimmedAt {
            let left = trimmedAt - now
            bounds.append(left > 0 ? "in \(ShortTime.span(milliseconds: left))" : "at the next trimming")
        }
        if let needed {
            let room = TextTable.grouped(max(0, retention.entries - needed))
            bounds.append("after \(room) further entries")
        }
        return bounds.isEmpty ? count : "\(count), the oldest \(bounds.joined(separator: " or "))"
    }
}

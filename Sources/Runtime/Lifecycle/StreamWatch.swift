import JobQueue
import Logging
import RuntimeCore

/// Watches the backlog of the public streams' consumer groups, while this worker leads its node.
///
/// The watch warns before trimming takes entries that a group still needs. The watch also measures waiting messages and
/// jobs, and dead letters.
struct StreamWatch: Sendable {
    let queue: any DeliveryQueue
    let logger: Logger

    private static let interval = Duration.seconds(60)
    /// The number of rounds for each check of the groups and of the waiting jobs. Retention lasts hours, and these checks
    /// cost Redis more than the rest of a round.
    private static let roundsForGroups = 2
    /// The time between two warnings about a group.
    private static let reminder = Duration.seconds(600)

    /// Watches until the task is cancelled.
    func run() async {
        var warned: [String: MonotonicInstant] = [:]
        var rounds = 0
        while !Task.isCancelled {
            do throws(QueueError) {
                if rounds.isMultiple(of: Self.roundsForGroups) {
                    let groups = try await queue.streamGroups()
                    let now = try await queue.redisTime()
                    for group in groups { record(group, now, &warned) }
                    RuntimeMetrics.waits(try await queue.waits())
                }
                for name in queue.options.queues {
                    RuntimeMetrics.waiting(try await queue.depth(of: name).waiting, in: name)
                }
                RuntimeMetrics.dead(try await queue.deadLetterTotals())
                rounds += 1
            } catch {
                logger.debug("the consumer groups cannot be read", metadata: ["error": "\(error)"])
            }
            try? await MonotonicClock.sleep(for: Self.interval)
        }
    }

    private func record(_ group: StreamGroup, _ now: Int64, _ warned: inout [String: MonotonicInstant]) {
        let backlog = StreamBacklog(
            entries: group.lag.map { $0 + group.pending },
            // Negative after Redis' clock was set back.
            age: group.oldestNeeded.map { .milliseconds(max(0, now - $0)) },
            hasLost: group.hasLost
        )
        let used = backlog.usedRetention(entries: queue.options.retentionEntries, age: queue.options.retention)
        RuntimeMetrics.backlog(
            of: group.name,
            on: group.stream,
            usedRetention: used,
            entries: backlog.entries
        )
        let id = group.stream + "\n" + group.name
        guard used >= StreamBacklog.warningLevel else {
            warned[id] = nil
            return
        }
        let instant = MonotonicClock.now
        if let last = warned[id], last.duration(to: instant) < Self.reminder { return }
        warned[id] = instant
        logger.warning(
            group.hasLost
                ? "a consumer group has lost entries: they were trimmed before it had acknowledged them"
                : "a consumer group is so far behind that it will lose entries to the trimming",
            metadata: [
                "stream": "\(group.stream)", "group": "\(group.name)", "retention_used": "\(used)",
                "entries": "\(backlog.entries.map(String.init) ?? "unknown")",
            ]
        )
    }
}

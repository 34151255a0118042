import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Measures queues, consumer groups and the fleet, while this worker leads its node.
///
/// The watch warns before trimming takes entries that a consumer group still needs.
struct StreamWatch: Sendable {
    let queue: any DeliveryQueue
    let decoder: JobDecoder
    let logger: Logger

    private static let interval = Duration.seconds(30)
    /// The number of rounds for each check of the groups, and for each search of queues that no worker serves. Retention
    /// lasts hours, and these checks cost Redis more than the rest of a round.
    private static let roundsForGroups = 4
    /// The time between two warnings about a group.
    private static let reminder = Duration.seconds(600)

    /// What the watch keeps between two rounds.
    private struct State {
        var rounds = 0
        var warned: [String: MonotonicInstant] = [:]
        var clock = WaitClock()
        var unserved = 0
    }

    /// Watches until the task is cancelled.
    func run() async {
        var state = State()
        while !Task.isCancelled {
            do throws(QueueError) {
                try await watch(&state)
                state.rounds += 1
            } catch {
                logger.debug("the queues and streams cannot be measured", metadata: ["error": "\(error)"])
            }
            try? await MonotonicClock.sleep(for: Self.interval)
        }
    }

    private func watch(_ state: inout State) async throws(QueueError) {
        let isThorough = state.rounds.isMultiple(of: Self.roundsForGroups)
        let now = try await queue.redisTime()
        let leader = RuntimeMetrics.leader
        if isThorough {
            let groups = try await queue.streamGroups()
            leader.groups.replace(by: groups.flatMap { record($0, now, &state.warned) })
        }
        let waits = try await queue.waits()
        var values = RuntimeMetrics.waits(waits, on: queue.worker.node)
        for name in queue.options.queues {
            let works = waits.isIdle ? [] : try await queue.oldestWork(of: name, pushedAt: pushedAt)
            let oldest = state.clock.longestWait(in: name, works, now: now, instant: MonotonicClock.now)
            let messages = waits.isIdle ? 0 : try await queue.depth(of: name).waiting
            values += RuntimeMetrics.queue(name, messages: messages, oldest: oldest)
        }
        values += RuntimeMetrics.dead(try await queue.deadLetterTotals())
        leader.queues.replace(by: values)
        let fleet = try await queue.fleetCounts(at: now, searchesQueues: isThorough)
        if let unserved = fleet?.unservedMessages { state.unserved = unserved }
        leader.fleet.replace(by: fleet.map { RuntimeMetrics.fleet($0, unserved: state.unserved) } ?? [])
    }

    private func pushedAt(_ message: [UInt8]) -> Timestamp? {
        guard case .job(let job) = decoder.decode(message) else { return nil }
        return job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }
    }

    /// Warns of a group that is far behind, and returns its gauges.
    private func record(
        _ group: StreamGroup,
        _ now: Int64,
        _ warned: inout [String: MonotonicInstant]
    ) -> [GaugeValue] {
        let backlog = StreamBacklog(
            entries: group.lag.map { $0 + group.pending },
            // Negative after Redis' clock was set back.
            age: group.oldestNeeded.map { .milliseconds(max(0, now - $0)) },
            hasLost: group.hasLost
        )
        let used = backlog.usedRetention(entries: queue.options.retentionEntries, age: queue.options.retention)
        let values = RuntimeMetrics.backlog(
            of: group.name,
            on: group.stream,
            usedRetention: used,
            entries: backlog.entries
        )
        let id = group.stream + "\n" + group.name
        guard used >= StreamBacklog.warningLevel else {
            warned[id] = nil
            return values
        }
        let instant = MonotonicClock.now
        if let last = warned[id], last.duration(to: instant) < Self.reminder { return values }
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
        return values
    }
}

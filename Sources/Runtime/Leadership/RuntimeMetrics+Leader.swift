import JobContract
import JobQueue
import Metrics

/// The metrics of a node's leader.
extension RuntimeMetrics {
    static func leading(_ isLeading: Bool) { Gauge(label: "rtm_leading").record(isLeading ? 1 : 0) }

    /// Records a published event.
    ///
    /// - Parameter delay: Time between the event and its publication, or nil if the time of the event is unknown.
    static func published(_ event: LifecycleEvent, after delay: Duration?) {
        Counter(label: "rtm_events_published_total", dimensions: [("event", event.kind.rawValue)]).increment()
        if let reason = event.reason {
            Counter(label: "rtm_exits_published_total", dimensions: [("reason", reason.rawValue)]).increment()
        }
        if let delay { Timer(label: "rtm_event_delay_seconds").recordNanoseconds(Int64(delay / .nanoseconds(1))) }
    }

    /// Records whether the leader reads the Docker Engine's events.
    static func hearing(_ isHearing: Bool) { Gauge(label: "rtm_events_heard").record(isHearing ? 1 : 0) }

    static func eventDropped() { Counter(label: "rtm_events_dropped_total").increment() }

    static func reconciled(inspects: Int) { Counter(label: "rtm_reconcile_inspects_total").increment(by: inspects) }

    static func janitor(abandoned: Int, unexplained: Int) {
        for (complaint, count) in [("abandoned", abandoned), ("unexplained", unexplained)] {
            Gauge(label: "rtm_janitor_containers", dimensions: [("complaint", complaint)]).record(count)
        }
    }

    static func waiting(_ count: Int, in queue: String) {
        Gauge(label: "rtm_queue_messages", dimensions: [("queue", queue)]).record(count)
    }

    /// Records the waiting jobs of each reason that a node can count.
    static func waits(_ counts: WaitCounts) {
        for reason in WaitCounts.reasons {
            Gauge(label: "rtm_jobs_waiting", dimensions: [("reason", reason.rawValue)])
                .record(counts.byReason[reason] ?? 0)
        }
    }

    static func dead(_ totals: DeadLetterTotals) {
        Gauge(label: "rtm_dead_letters").record(totals.count)
        Gauge(label: "rtm_dead_letters_bytes").record(totals.bytes)
        for (reason, count) in [("no_space", totals.trimmed), ("wrong_type", totals.lost)] {
            Gauge(label: "rtm_dead_letters_lost", dimensions: [("reason", reason)]).record(count)
        }
    }

    /// Records the backlog of a consumer group.
    ///
    /// - Parameter entries: The number of entries, or nil if Redis cannot count the entries.
    static func backlog(of group: String, on stream: String, usedRetention: Double, entries: Int?) {
        let dimensions = [("stream", stream), ("group", group)]
        Gauge(label: "rtm_stream_group_retention_used", dimensions: dimensions).record(usedRetention)
        guard let entries else { return }
        Gauge(label: "rtm_stream_group_backlog_entries", dimensions: dimensions).record(entries)
    }
}

import JobContract
import JobQueue
import Metrics

/// The metrics of a node's leader.
extension RuntimeMetrics {
    static func leading(_ isLeading: Bool, node: NodeID) {
        Gauge(label: "rtm_leading", dimensions: [("node", node.text)]).record(isLeading ? 1 : 0)
    }

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
}

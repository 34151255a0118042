import CoreMetrics
import JobContract

/// The metrics that exist before anything has happened.
extension RuntimeMetrics {
    /// Creates every counter with the value 0, and the gauges of a worker at rest.
    ///
    /// Prometheus sees no increase in the first value of a counter. A counter that begins at its first event therefore
    /// hides this event from every alarm.
    ///
    /// - Parameters:
    ///   - queues: The queues that the worker serves.
    ///   - factory: The backend of the metrics.
    package static func begin(
        node: NodeID,
        queues: [String],
        factory: any MetricsFactory = MetricsSystem.factory
    ) {
        func counter(_ label: String, _ dimensions: (String, String)...) {
            Counter(label: label, dimensions: dimensions, factory: factory).increment(by: 0)
        }
        for label in [
            "rtm_jobs_given_back_total", "rtm_leases_lost_total", "rtm_traceparents_ignored_total",
            "rtm_events_dropped_total", "rtm_reconcile_inspects_total",
        ] { counter(label) }
        for code in ErrorCode.allCases.map(\.rawValue) {
            counter("rtm_job_retries_total", ("code", code))
            counter("rtm_messages_rejected_total", ("code", code))
        }
        for loop in RedisLoop.allCases { counter("rtm_redis_errors_total", ("loop", loop.rawValue)) }
        for then in Reclaim.allCases { counter("rtm_jobs_reclaimed_total", ("then", then.rawValue)) }
        for event in LifecycleKind.allCases { counter("rtm_events_published_total", ("event", event.rawValue)) }
        for reason in ExitReason.allCases { counter("rtm_exits_published_total", ("reason", reason.rawValue)) }
        for kind in JobKind.allCases.map(\.rawValue) + [unknownKind] {
            for (outcome, code) in endings {
                counter("rtm_jobs_ended_total", ("kind", kind), ("outcome", outcome.rawValue), ("code", code))
            }
            _ = Timer(label: "rtm_job_seconds", dimensions: [("kind", kind)], factory: factory)
        }
        for queue in queues {
            _ = Timer(label: "rtm_queue_wait_seconds", dimensions: [("queue", queue)], factory: factory)
        }
        _ = Timer(label: "rtm_event_delay_seconds", factory: factory)
        Gauge(label: "rtm_leading", dimensions: [("node", node.text)], factory: factory).record(0)
        Gauge(label: "rtm_redis_memory_full", factory: factory).record(0)
        Gauge(label: "rtm_redis_key_problems", factory: factory).record(0)
        Gauge(label: "rtm_jobs_running", factory: factory).record(0)
    }

    /// The endings of a job that a worker has run, with their error codes.
    private static var endings: [(JobOutcome, String)] {
        [(.succeeded, ""), (.superseded, ""), (.expired, "")] + ErrorCode.allCases.map { (.failed, $0.rawValue) }
    }
}

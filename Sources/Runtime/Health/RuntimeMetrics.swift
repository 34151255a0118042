import JobContract
import Metrics
import Primitives

/// The metrics of a worker. Names and labels are few and known; no producer can add any.
package enum RuntimeMetrics {
    /// The help text of each metric, by the metric's name.
    package static let help = [
        "rtm_docker_up": "1 while the node's Docker Engine answers. At 0 the worker takes no jobs.",
        "rtm_jobs_running": "Jobs that this worker runs now.",
        "rtm_jobs_ended_total": "Jobs that this worker ended, by kind, outcome and error code.",
        "rtm_job_seconds": "Time from the lease of a job to its end in Redis, by kind.",
        "rtm_job_retries_total": "Attempts that failed and will be made again, by error code.",
        "rtm_jobs_given_back_total": "Jobs given back without using up an attempt.",
        "rtm_leases_lost_total": "Jobs whose lease was lost while this worker ran them.",
        "rtm_jobs_reclaimed_total":
            "Jobs of dead workers that this worker took back, by outcome: run again or poisoned.",
        "rtm_messages_rejected_total": "Messages that this worker rejected, by error code.",
        "rtm_traceparents_ignored_total": "Jobs with an invalid traceparent. The worker ignores it.",
        "rtm_redis_errors_total": "Failed calls to Redis, by the loop that made them.",
        "rtm_leading": "1 while this worker leads its node.",
        "rtm_events_heard":
            "1 while the leader reads Docker's events. At 0 it reconciles every 2 s instead.",
        "rtm_events_published_total": "Lifecycle events that this worker published, by event.",
        "rtm_exits_published_total": "Exits that this worker published, by reason.",
        "rtm_event_delay_seconds": "Time from an event, on the Docker Engine's clock, to its publication.",
        "rtm_events_dropped_total": "Docker events that did not fit into the buffer. A reconcile makes up for them.",
        "rtm_reconcile_inspects_total": "Containers that reconciles asked to inspect.",
        "rtm_janitor_containers": "Containers that the janitor reports, by complaint.",
        "rtm_stream_group_retention_used":
            "How far a consumer group is behind, as a part of the retention. At 1 it loses entries.",
        "rtm_stream_group_backlog_entries": "Entries that a consumer group has not acknowledged.",
        "rtm_queue_messages": "Messages in a queue that no worker has admitted yet, as the leader of a node sees them.",
        "rtm_jobs_waiting":
            "Jobs and messages that wait, by reason, as the leader of a node sees them. Of the node: node drained, node returning, no capacity.",
        "rtm_dead_letters": "Dead letters, as the leader of a node sees them.",
        "rtm_dead_letters_bytes": "Bytes of the dead letters that are kept.",
        "rtm_dead_letters_lost":
            "Dead letters that were not kept, by reason: no_space (RTM_DEAD_BYTES), wrong_type (their key is no stream).",
        "rtm_spans_exported_total": "Spans that the collector has accepted.",
        "rtm_spans_dropped_total": "Lost spans: the buffer was full, or the collector refused them.",
        "rtm_http_connections_refused_total":
            "HTTP connections closed because too many were open, or because of too many or too large requests.",
        "rtm_redis_key_problems": "Redis keys with a wrong type, as this worker last saw them.",
        "rtm_redis_memory_full": "1 while Redis refuses new jobs because its memory is full.",
    ]

    /// Records whether the node's Docker Engine answers.
    package static func engine(isUp: Bool) { Gauge(label: "rtm_docker_up").record(isUp ? 1 : 0) }

    static func running(_ count: Int) { Gauge(label: "rtm_jobs_running").record(count) }

    static func ended(_ kind: JobKind?, _ ending: JobEnding, after time: Duration) {
        let kind = kind?.rawValue ?? "unknown"
        Counter(
            label: "rtm_jobs_ended_total",
            dimensions: [
                ("kind", kind), ("outcome", ending.outcome.rawValue), ("code", ending.errorCode?.rawValue ?? ""),
            ]
        ).increment()
        Timer(label: "rtm_job_seconds", dimensions: [("kind", kind)]).recordNanoseconds(time.nanoseconds)
    }

    static func retried(_ code: ErrorCode) {
        Counter(label: "rtm_job_retries_total", dimensions: [("code", code.rawValue)]).increment()
    }

    static func givenBack() { Counter(label: "rtm_jobs_given_back_total").increment() }

    static func leaseLost() { Counter(label: "rtm_leases_lost_total").increment() }

    static func reclaimed(_ count: Int, poisoned: Int) {
        Counter(label: "rtm_jobs_reclaimed_total", dimensions: [("then", "run_again")]).increment(by: count)
        Counter(label: "rtm_jobs_reclaimed_total", dimensions: [("then", "given_up")]).increment(by: poisoned)
    }

    static func rejected(_ code: ErrorCode) {
        Counter(label: "rtm_messages_rejected_total", dimensions: [("code", code.rawValue)]).increment()
    }

    static func traceparentIgnored() { Counter(label: "rtm_traceparents_ignored_total").increment() }

    static func redisFailed(in loop: String) {
        Counter(label: "rtm_redis_errors_total", dimensions: [("loop", loop)]).increment()
    }

    static func keyProblems(_ count: Int) { Gauge(label: "rtm_redis_key_problems").record(count) }

    static func memory(isFull: Bool) { Gauge(label: "rtm_redis_memory_full").record(isFull ? 1 : 0) }
}

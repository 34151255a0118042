extension RuntimeMetrics {
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
        "rtm_leading": "1 while this worker leads the node.",
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
        "rtm_jobs": "Jobs by state, as the reader of the fleet sees them. A game counts for at most 100 waiting jobs.",
        "rtm_queue_wait_seconds":
            "Time from the push of a job to its first attempt, by queue. Only of jobs with `enqueued_at`.",
        "rtm_queue_oldest_seconds":
            "How long the oldest waiting work of a queue has waited, as the leader of a node sees it.",
        "rtm_queue_paused": "1 while an operator has paused the queue.",
        "rtm_unserved_messages": "Messages in queues that no living worker serves.",
        "rtm_duplicate_messages": "Messages dropped because their id was known, since the namespace's data began.",
        "rtm_games": "Containers of games on a node, by state, as of the last reconcile of its leader.",
        "rtm_nodes": "Nodes by state, as the reader of the fleet sees them.",
        "rtm_node_draining": "1 while an operator has drained the node.",
        "rtm_build_info": "1. The labels are the worker's version, its commit, and the form of its data in Redis.",
        "rtm_docker_call_seconds":
            "Time of a call to the Docker Engine, by operation; for events, pulls and lists the time to the first answer.",
        "rtm_docker_call_errors_total":
            "Calls to the Docker Engine without an answer in time, or with an answer of 500 and above, by operation.",
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
}

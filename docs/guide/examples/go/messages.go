// Made by docs/guide/examples/generate-types from docs/reference/schemas. Do not edit.

package main

// Limits: Limits of the container, each optional.
type Limits struct {
	// CPUs; 0.01 at least.
	CPUQuota *float64 `json:"cpu_quota,omitempty"`
	// As 512m or 2g; 6m at least.
	Memory string `json:"memory,omitempty"`
	// Processes and threads.
	PIDsLimit *int `json:"pids_limit,omitempty"`
}

// BindMount: A mount of a folder of the host.
type BindMount struct {
	// Below a root that the worker's operator allows.
	HostPath string `json:"host_path"`
	// Where it is seen in the container.
	MountPath string `json:"mount_path"`
	// false where left out.
	ReadOnly *bool `json:"read_only,omitempty"`
}

// StartJob: A job that asks for: start.
type StartJob struct {
	// Version of the contract.
	V int `json:"v"`
	// Chosen by the producer; a second message with the same id is dropped.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// The workload; makes names of container, host and state folder.
	GameID string `json:"game_id"`
	// Not begun after this instant; RFC 3339.
	Deadline string `json:"deadline,omitempty"`
	// 5 where left out.
	MaxAttempts *int `json:"max_attempts,omitempty"`
	// Echoed; RFC 3339.
	EnqueuedAt string `json:"enqueued_at,omitempty"`
	// W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
	Traceparent string `json:"traceparent,omitempty"`
	// Image reference; without tag and digest: latest.
	Image string `json:"image"`
	// When the image is pulled; if_missing where left out.
	PullPolicy string `json:"pull_policy,omitempty"`
	// Put over the worker's own environment of games.
	Env map[string]string `json:"env,omitempty"`
	// The command line in the container; empty: the image's own.
	Cmd []string `json:"cmd,omitempty"`
	// Labels of the container.
	Labels map[string]string `json:"labels,omitempty"`
	// Limits of the container, each optional.
	Limits *Limits `json:"limits,omitempty"`
	// Extra mounts.
	BindMounts []BindMount `json:"bind_mounts,omitempty"`
	// The job succeeds only when the engine answers within this time; 0: not waited for.
	ReadyTimeoutSeconds *int `json:"ready_timeout_seconds,omitempty"`
}

// StopJob: A job that asks for: stop.
type StopJob struct {
	// Version of the contract.
	V int `json:"v"`
	// Chosen by the producer; a second message with the same id is dropped.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// The workload; makes names of container, host and state folder.
	GameID string `json:"game_id"`
	// Not begun after this instant; RFC 3339.
	Deadline string `json:"deadline,omitempty"`
	// 5 where left out.
	MaxAttempts *int `json:"max_attempts,omitempty"`
	// Echoed; RFC 3339.
	EnqueuedAt string `json:"enqueued_at,omitempty"`
	// W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
	Traceparent string `json:"traceparent,omitempty"`
	// A guard: nothing is done where the game's container is another one.
	ContainerID string `json:"container_id,omitempty"`
	// Between SIGTERM and SIGKILL; 30 where left out.
	StopTimeoutSeconds *int `json:"stop_timeout_seconds,omitempty"`
}

// RemoveJob: A job that asks for: remove.
type RemoveJob struct {
	// Version of the contract.
	V int `json:"v"`
	// Chosen by the producer; a second message with the same id is dropped.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// The workload; makes names of container, host and state folder.
	GameID string `json:"game_id"`
	// Not begun after this instant; RFC 3339.
	Deadline string `json:"deadline,omitempty"`
	// 5 where left out.
	MaxAttempts *int `json:"max_attempts,omitempty"`
	// Echoed; RFC 3339.
	EnqueuedAt string `json:"enqueued_at,omitempty"`
	// W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
	Traceparent string `json:"traceparent,omitempty"`
	// A guard: nothing is done where the game's container is another one.
	ContainerID string `json:"container_id,omitempty"`
	// Between SIGTERM and SIGKILL; 30 where left out.
	StopTimeoutSeconds *int `json:"stop_timeout_seconds,omitempty"`
	// Stop a running container first; false where left out.
	Force *bool `json:"force,omitempty"`
}

// RestartJob: A job that asks for: restart.
type RestartJob struct {
	// Version of the contract.
	V int `json:"v"`
	// Chosen by the producer; a second message with the same id is dropped.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// The workload; makes names of container, host and state folder.
	GameID string `json:"game_id"`
	// Not begun after this instant; RFC 3339.
	Deadline string `json:"deadline,omitempty"`
	// 5 where left out.
	MaxAttempts *int `json:"max_attempts,omitempty"`
	// Echoed; RFC 3339.
	EnqueuedAt string `json:"enqueued_at,omitempty"`
	// W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
	Traceparent string `json:"traceparent,omitempty"`
	// Another image than that of the last start.
	Image string `json:"image,omitempty"`
	// When the image is pulled; if_missing where left out.
	PullPolicy string `json:"pull_policy,omitempty"`
	// Put over the worker's own environment of games.
	Env map[string]string `json:"env,omitempty"`
	// The command line in the container; empty: the image's own.
	Cmd []string `json:"cmd,omitempty"`
	// Labels of the container.
	Labels map[string]string `json:"labels,omitempty"`
	// Limits of the container, each optional.
	Limits *Limits `json:"limits,omitempty"`
	// Extra mounts.
	BindMounts []BindMount `json:"bind_mounts,omitempty"`
	// The job succeeds only when the engine answers within this time; 0: not waited for.
	ReadyTimeoutSeconds *int `json:"ready_timeout_seconds,omitempty"`
	// Between SIGTERM and SIGKILL; 30 where left out.
	StopTimeoutSeconds *int `json:"stop_timeout_seconds,omitempty"`
}

// Result: One entry of {ns}:results; exactly one for every id and run. Fields with nothing to say are left out.
type Result struct {
	V string `json:"v"`
	// Of the job; invalid: and the SHA-1 of the message where it has no usable id.
	JobID string `json:"job_id"`
	// One of start, stop, remove, restart.
	Kind   string `json:"kind,omitempty"`
	GameID string `json:"game_id,omitempty"`
	// One of succeeded, failed, rejected, superseded, expired.
	Outcome string `json:"outcome"`
	// One of started, already_running, stopped, already_stopped, removed, already_absent, none.
	Effect string `json:"effect"`
	// One of invalid_message, message_too_large, unsupported_version, unknown_kind, invalid_job, invalid_spec, bad_signature, image_not_allowed, label_not_allowed, mount_not_allowed, limit_exceeded, network_missing, image_not_found, image_pull_failed, name_conflict, container_running, container_not_found, stale_container, start_failed, not_ready, timeout, docker_unavailable, docker_error, node_lost, id_reused, poisoned, internal.
	ErrorCode string `json:"error_code,omitempty"`
	// A sentence for a person, of at most 1,024 bytes of UTF-8.
	Error          string `json:"error,omitempty"`
	ContainerID    string `json:"container_id,omitempty"`
	ContainerName  string `json:"container_name,omitempty"`
	EngineEndpoint string `json:"engine_endpoint,omitempty"`
	// The Engine's clock.
	StartedAt string `json:"started_at,omitempty"`
	// A stop needed SIGKILL.
	Forced string `json:"forced,omitempty"`
	// How often it was begun.
	Attempts string `json:"attempts,omitempty"`
	// 2 and up: after an operator's retry.
	Run    string `json:"run,omitempty"`
	Worker string `json:"worker,omitempty"`
	Node   string `json:"node,omitempty"`
	// As the producer wrote it.
	EnqueuedAt string `json:"enqueued_at,omitempty"`
	// Begin of the last attempt, Redis' clock.
	TakenAt string `json:"taken_at,omitempty"`
	// Redis' clock.
	FinishedAt  string `json:"finished_at"`
	Traceparent string `json:"traceparent,omitempty"`
}

// Event: One entry of {ns}:events: one step of a container's lifecycle. Fields without a value are left out.
type Event struct {
	V string `json:"v"`
	// One of started, healthy, unhealthy, oom, exited, removed.
	Event string `json:"event"`
	// Docker's own action, verbatim.
	Action string `json:"action,omitempty"`
	// reconcile: the listener found it by looking.
	Source        string `json:"source"`
	ContainerID   string `json:"container_id"`
	ContainerName string `json:"container_name"`
	GameID        string `json:"game_id"`
	// Of the start.
	JobID    string `json:"job_id"`
	Image    string `json:"image"`
	ExitCode string `json:"exit_code,omitempty"`
	// One of true, false.
	OOMKilled string `json:"oom_killed,omitempty"`
	// One of stopped, stopped_forced, completed, crashed, oom_killed, killed, daemon_shutdown, node_lost, unknown.
	Reason string `json:"reason,omitempty"`
	// The Engine's clock, as are the next two.
	StartedAt  string `json:"started_at,omitempty"`
	FinishedAt string `json:"finished_at,omitempty"`
	OccurredAt string `json:"occurred_at"`
	// How many of Docker's events an oom or a change of health stands for.
	Count string `json:"count,omitempty"`
	Node  string `json:"node"`
	// Fencing number of the term; for a node it never goes back.
	Epoch string `json:"epoch"`
	// The labels that the job gave, a JSON object of strings.
	Labels string `json:"labels"`
}

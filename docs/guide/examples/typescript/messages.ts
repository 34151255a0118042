// Made by docs/guide/examples/generate-types from docs/reference/schemas. Do not edit.

/** Limits of the container, each optional. */
export interface Limits {
  /** CPUs; 0.01 at least. */
  cpu_quota?: number;
  /** As 512m or 2g; 6m at least. */
  memory?: string;
  /** Processes and threads. */
  pids_limit?: number;
}

/** A mount of a folder of the host. */
export interface BindMount {
  /** Below a root that the worker's operator allows. */
  host_path: string;
  /** Where it is seen in the container. */
  mount_path: string;
  /** false where left out. */
  read_only?: boolean;
}

/** A job that asks for: start. */
export interface StartJob {
  /** Version of the contract. */
  v: 1;
  /** Chosen by the producer; a second message with the same id is dropped. */
  id: string;
  kind: "start";
  /** The workload; makes names of container, host and state folder. */
  game_id: string;
  /** Not begun after this instant; RFC 3339. */
  deadline?: string;
  /** 5 where left out. */
  max_attempts?: number;
  /** Echoed; RFC 3339. */
  enqueued_at?: string;
  /** W3C trace context, which the worker's spans continue; echoed. Anything else is ignored. */
  traceparent?: string;
  /** Image reference; without tag and digest: latest. */
  image: string;
  /** When the image is pulled; if_missing where left out. */
  pull_policy?: "if_missing" | "always" | "never";
  /** Put over the worker's own environment of games. */
  env?: Record<string, string>;
  /** The command line in the container; empty: the image's own. */
  cmd?: string[];
  /** Labels of the container. */
  labels?: Record<string, string>;
  /** Limits of the container, each optional. */
  limits?: Limits;
  /** Extra mounts. */
  bind_mounts?: BindMount[];
  /** The job succeeds only when the engine answers within this time; 0: not waited for. */
  ready_timeout_seconds?: number;
}

/** A job that asks for: stop. */
export interface StopJob {
  /** Version of the contract. */
  v: 1;
  /** Chosen by the producer; a second message with the same id is dropped. */
  id: string;
  kind: "stop";
  /** The workload; makes names of container, host and state folder. */
  game_id: string;
  /** Not begun after this instant; RFC 3339. */
  deadline?: string;
  /** 5 where left out. */
  max_attempts?: number;
  /** Echoed; RFC 3339. */
  enqueued_at?: string;
  /** W3C trace context, which the worker's spans continue; echoed. Anything else is ignored. */
  traceparent?: string;
  /** A guard: nothing is done where the game's container is another one. */
  container_id?: string;
  /** Between SIGTERM and SIGKILL; 30 where left out. */
  stop_timeout_seconds?: number;
}

/** A job that asks for: remove. */
export interface RemoveJob {
  /** Version of the contract. */
  v: 1;
  /** Chosen by the producer; a second message with the same id is dropped. */
  id: string;
  kind: "remove";
  /** The workload; makes names of container, host and state folder. */
  game_id: string;
  /** Not begun after this instant; RFC 3339. */
  deadline?: string;
  /** 5 where left out. */
  max_attempts?: number;
  /** Echoed; RFC 3339. */
  enqueued_at?: string;
  /** W3C trace context, which the worker's spans continue; echoed. Anything else is ignored. */
  traceparent?: string;
  /** A guard: nothing is done where the game's container is another one. */
  container_id?: string;
  /** Between SIGTERM and SIGKILL; 30 where left out. */
  stop_timeout_seconds?: number;
  /** Stop a running container first; false where left out. */
  force?: boolean;
}

/** A job that asks for: restart. */
export interface RestartJob {
  /** Version of the contract. */
  v: 1;
  /** Chosen by the producer; a second message with the same id is dropped. */
  id: string;
  kind: "restart";
  /** The workload; makes names of container, host and state folder. */
  game_id: string;
  /** Not begun after this instant; RFC 3339. */
  deadline?: string;
  /** 5 where left out. */
  max_attempts?: number;
  /** Echoed; RFC 3339. */
  enqueued_at?: string;
  /** W3C trace context, which the worker's spans continue; echoed. Anything else is ignored. */
  traceparent?: string;
  /** Another image than that of the last start. */
  image?: string;
  /** When the image is pulled; if_missing where left out. */
  pull_policy?: "if_missing" | "always" | "never";
  /** Put over the worker's own environment of games. */
  env?: Record<string, string>;
  /** The command line in the container; empty: the image's own. */
  cmd?: string[];
  /** Labels of the container. */
  labels?: Record<string, string>;
  /** Limits of the container, each optional. */
  limits?: Limits;
  /** Extra mounts. */
  bind_mounts?: BindMount[];
  /** The job succeeds only when the engine answers within this time; 0: not waited for. */
  ready_timeout_seconds?: number;
  /** Between SIGTERM and SIGKILL; 30 where left out. */
  stop_timeout_seconds?: number;
}

/** One entry of {ns}:results; exactly one for every id and run. Fields with nothing to say are left out. */
export interface Result {
  v: "1";
  /** Of the job; invalid: and the SHA-1 of the message where it has no usable id. */
  job_id: string;
  kind?: "start" | "stop" | "remove" | "restart";
  game_id?: string;
  outcome: "succeeded" | "failed" | "rejected" | "superseded" | "expired";
  effect: "started" | "already_running" | "stopped" | "already_stopped" | "removed" | "already_absent" | "none";
  error_code?: "invalid_message" | "message_too_large" | "unsupported_version" | "unknown_kind" | "invalid_job" | "invalid_spec" | "bad_signature" | "image_not_allowed" | "label_not_allowed" | "mount_not_allowed" | "limit_exceeded" | "network_missing" | "image_not_found" | "image_pull_failed" | "name_conflict" | "container_running" | "container_not_found" | "stale_container" | "start_failed" | "not_ready" | "timeout" | "docker_unavailable" | "docker_error" | "node_lost" | "id_reused" | "poisoned" | "internal";
  /** A sentence for a person, of at most 1,024 bytes of UTF-8. */
  error?: string;
  container_id?: string;
  container_name?: string;
  engine_endpoint?: string;
  /** The Engine's clock. */
  started_at?: string;
  /** A stop needed SIGKILL. */
  forced?: "true";
  /** How often it was begun. */
  attempts?: string;
  /** 2 and up: after an operator's retry. */
  run?: string;
  worker?: string;
  node?: string;
  /** As the producer wrote it. */
  enqueued_at?: string;
  /** Begin of the last attempt, Redis' clock. */
  taken_at?: string;
  /** Redis' clock. */
  finished_at: string;
  traceparent?: string;
}

/** One entry of {ns}:events: one step of a container's lifecycle. Fields without a value are left out. */
export interface Event {
  v: "1";
  event: "started" | "healthy" | "unhealthy" | "oom" | "exited" | "removed";
  /** Docker's own action, verbatim. */
  action?: "start" | "die" | "oom" | "destroy" | "health_status: healthy" | "health_status: unhealthy";
  /** reconcile: the listener found it by looking. */
  source: "docker" | "reconcile";
  container_id: string;
  container_name: string;
  game_id: string;
  /** Of the start. */
  job_id: string;
  image: string;
  exit_code?: string;
  oom_killed?: "true" | "false";
  reason?: "stopped" | "stopped_forced" | "completed" | "crashed" | "oom_killed" | "killed" | "daemon_shutdown" | "node_lost" | "unknown";
  /** The Engine's clock, as are the next two. */
  started_at?: string;
  finished_at?: string;
  occurred_at: string;
  /** How many of Docker's events an oom or a change of health stands for. */
  count?: string;
  node: string;
  /** Fencing number of the term; for a node it never goes back. */
  epoch: string;
  /** The labels that the job gave, a JSON object of strings. */
  labels: string;
}

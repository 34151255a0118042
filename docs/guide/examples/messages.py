"""Made by docs/guide/examples/generate-types from docs/reference/schemas. Do not edit."""
from typing import Literal, TypedDict


class _Limits(TypedDict):
    """Limits of the container, each optional."""


class Limits(_Limits, total=False):
    """Limits of the container, each optional."""
    # CPUs; 0.01 at least.
    cpu_quota: float
    # As 512m or 2g; 6m at least.
    memory: str
    # Processes and threads.
    pids_limit: int


class _BindMount(TypedDict):
    """A mount of a folder of the host."""
    # Below a root that the worker's operator allows.
    host_path: str
    # Where it is seen in the container.
    mount_path: str


class BindMount(_BindMount, total=False):
    """A mount of a folder of the host."""
    # false where left out.
    read_only: bool


class _StartJob(TypedDict):
    """A job that asks for: start."""
    # Version of the contract.
    v: Literal[1]
    # Chosen by the producer; a second message with the same id is dropped.
    id: str
    kind: Literal["start"]
    # The workload; makes names of container, host and state folder.
    game_id: str
    # Image reference; without tag and digest: latest.
    image: str


class StartJob(_StartJob, total=False):
    """A job that asks for: start."""
    # Not begun after this instant; RFC 3339.
    deadline: str
    # 5 where left out.
    max_attempts: int
    # Echoed; RFC 3339.
    enqueued_at: str
    # W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
    traceparent: str
    # When the image is pulled; if_missing where left out.
    pull_policy: Literal["if_missing", "always", "never"]
    # Put over the worker's own environment of games.
    env: dict[str, str]
    # The command line in the container; empty: the image's own.
    cmd: list[str]
    # Labels of the container.
    labels: dict[str, str]
    # Limits of the container, each optional.
    limits: Limits
    # Extra mounts.
    bind_mounts: list[BindMount]
    # The job succeeds only when the engine answers within this time; 0: not waited for.
    ready_timeout_seconds: int


class _StopJob(TypedDict):
    """A job that asks for: stop."""
    # Version of the contract.
    v: Literal[1]
    # Chosen by the producer; a second message with the same id is dropped.
    id: str
    kind: Literal["stop"]
    # The workload; makes names of container, host and state folder.
    game_id: str


class StopJob(_StopJob, total=False):
    """A job that asks for: stop."""
    # Not begun after this instant; RFC 3339.
    deadline: str
    # 5 where left out.
    max_attempts: int
    # Echoed; RFC 3339.
    enqueued_at: str
    # W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
    traceparent: str
    # A guard: nothing is done where the game's container is another one.
    container_id: str
    # Between SIGTERM and SIGKILL; 30 where left out.
    stop_timeout_seconds: int


class _RemoveJob(TypedDict):
    """A job that asks for: remove."""
    # Version of the contract.
    v: Literal[1]
    # Chosen by the producer; a second message with the same id is dropped.
    id: str
    kind: Literal["remove"]
    # The workload; makes names of container, host and state folder.
    game_id: str


class RemoveJob(_RemoveJob, total=False):
    """A job that asks for: remove."""
    # Not begun after this instant; RFC 3339.
    deadline: str
    # 5 where left out.
    max_attempts: int
    # Echoed; RFC 3339.
    enqueued_at: str
    # W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
    traceparent: str
    # A guard: nothing is done where the game's container is another one.
    container_id: str
    # Between SIGTERM and SIGKILL; 30 where left out.
    stop_timeout_seconds: int
    # Stop a running container first; false where left out.
    force: bool


class _RestartJob(TypedDict):
    """A job that asks for: restart."""
    # Version of the contract.
    v: Literal[1]
    # Chosen by the producer; a second message with the same id is dropped.
    id: str
    kind: Literal["restart"]
    # The workload; makes names of container, host and state folder.
    game_id: str


class RestartJob(_RestartJob, total=False):
    """A job that asks for: restart."""
    # Not begun after this instant; RFC 3339.
    deadline: str
    # 5 where left out.
    max_attempts: int
    # Echoed; RFC 3339.
    enqueued_at: str
    # W3C trace context, which the worker's spans continue; echoed. Anything else is ignored.
    traceparent: str
    # Another image than that of the last start.
    image: str
    # When the image is pulled; if_missing where left out.
    pull_policy: Literal["if_missing", "always", "never"]
    # Put over the worker's own environment of games.
    env: dict[str, str]
    # The command line in the container; empty: the image's own.
    cmd: list[str]
    # Labels of the container.
    labels: dict[str, str]
    # Limits of the container, each optional.
    limits: Limits
    # Extra mounts.
    bind_mounts: list[BindMount]
    # The job succeeds only when the engine answers within this time; 0: not waited for.
    ready_timeout_seconds: int
    # Between SIGTERM and SIGKILL; 30 where left out.
    stop_timeout_seconds: int


class _Result(TypedDict):
    """One entry of {ns}:results; exactly one for every id and run. Fields with nothing to say are left out."""
    v: Literal["1"]
    # Of the job; invalid: and the SHA-1 of the message where it has no usable id.
    job_id: str
    outcome: Literal["succeeded", "failed", "rejected", "superseded", "expired"]
    effect: Literal["started", "already_running", "stopped", "already_stopped", "removed", "already_absent", "none"]
    # Redis' clock.
    finished_at: str


class Result(_Result, total=False):
    """One entry of {ns}:results; exactly one for every id and run. Fields with nothing to say are left out."""
    kind: Literal["start", "stop", "remove", "restart"]
    game_id: str
    error_code: Literal["invalid_message", "message_too_large", "unsupported_version", "unknown_kind", "invalid_job", "invalid_spec", "bad_signature", "image_not_allowed", "label_not_allowed", "mount_not_allowed", "limit_exceeded", "network_missing", "image_not_found", "image_pull_failed", "name_conflict", "container_running", "container_not_found", "stale_container", "start_failed", "not_ready", "timeout", "docker_unavailable", "docker_error", "node_lost", "id_reused", "poisoned", "internal"]
    # A sentence for a person, of at most 1,024 bytes of UTF-8.
    error: str
    container_id: str
    container_name: str
    engine_endpoint: str
    # The Engine's clock.
    started_at: str
    # A stop needed SIGKILL.
    forced: Literal["true"]
    # How often it was begun.
    attempts: str
    # 2 and up: after an operator's retry.
    run: str
    worker: str
    node: str
    # As the producer wrote it.
    enqueued_at: str
    # Begin of the last attempt, Redis' clock.
    taken_at: str
    traceparent: str


class _Event(TypedDict):
    """One entry of {ns}:events: one step of a container's lifecycle. Fields without a value are left out."""
    v: Literal["1"]
    event: Literal["started", "healthy", "unhealthy", "oom", "exited", "removed"]
    # reconcile: the listener found it by looking.
    source: Literal["docker", "reconcile"]
    container_id: str
    container_name: str
    game_id: str
    # Of the start.
    job_id: str
    image: str
    occurred_at: str
    node: str
    # Fencing number of the term; for a node it never goes back.
    epoch: str
    # The labels that the job gave, a JSON object of strings.
    labels: str


class Event(_Event, total=False):
    """One entry of {ns}:events: one step of a container's lifecycle. Fields without a value are left out."""
    # Docker's own action, verbatim.
    action: Literal["start", "die", "oom", "destroy", "health_status: healthy", "health_status: unhealthy"]
    exit_code: str
    oom_killed: Literal["true", "false"]
    reason: Literal["stopped", "stopped_forced", "completed", "crashed", "oom_killed", "killed", "daemon_shutdown", "node_lost", "unknown"]
    # The Engine's clock, as are the next two.
    started_at: str
    finished_at: str
    # How many of Docker's events an oom or a change of health stands for.
    count: str

/// The request of a job.
public enum JobKind: String, Sendable, CaseIterable {
    case start, stop, remove, restart

    /// Whether the game runs after a successful job of this kind.
    public var startsGame: Bool { self == .start || self == .restart }
}

/// The end of a job.
public enum JobOutcome: String, Sendable, CaseIterable {
    case succeeded
    case failed
    /// The job was invalid or not allowed, and was never tried.
    case rejected
    /// A later stop or remove made the job obsolete.
    case superseded
    /// The deadline passed before the job began.
    case expired
}

/// The change made by a job.
public enum JobEffect: String, Sendable, CaseIterable {
    case started
    case alreadyRunning = "already_running"
    case stopped
    case alreadyStopped = "already_stopped"
    case removed
    case alreadyAbsent = "already_absent"
    case none
}

/// The reason why a job did not succeed.
public enum ErrorCode: String, Sendable, CaseIterable {
    case invalidMessage = "invalid_message"
    case messageTooLarge = "message_too_large"
    case unsupportedVersion = "unsupported_version"
    case unknownKind = "unknown_kind"
    case invalidJob = "invalid_job"
    case invalidSpec = "invalid_spec"
    case badSignature = "bad_signature"
    case imageNotAllowed = "image_not_allowed"
    case mountNotAllowed = "mount_not_allowed"
    case labelNotAllowed = "label_not_allowed"
    case limitExceeded = "limit_exceeded"
    case networkMissing = "network_missing"
    case imageNotFound = "image_not_found"
    case imagePullFailed = "image_pull_failed"
    case nameConflict = "name_conflict"
    case containerRunning = "container_running"
    case containerNotFound = "container_not_found"
    case staleContainer = "stale_container"
    case startFailed = "start_failed"
    case notReady = "not_ready"
    case timeout
    case dockerUnavailable = "docker_unavailable"
    case dockerError = "docker_error"
    case nodeLost = "node_lost"
    /// Only on `{ns}:dead`: the id belongs to another job.
    case idReused = "id_reused"
    case poisoned
    case `internal`
}

/// The `state` of a job's hash.
public enum JobState: String, Sendable, CaseIterable {
    /// The job waits behind another job of its game, or for a worker.
    case waiting
    case running
    case retrying
    case done
    /// The job has ended, and a dead letter was kept on `{ns}:dead`.
    case dead
}

/// A step of a container's lifecycle.
public enum LifecycleKind: String, Sendable, CaseIterable {
    case started, healthy, unhealthy, oom, exited, removed

    /// Whether the step may repeat many times a second in a running container. Events of such steps have a `count`.
    public var isFrequent: Bool { self == .healthy || self == .unhealthy || self == .oom }
}

/// The reason why a container's process ended.
public enum ExitReason: String, Sendable, CaseIterable {
    /// A job stopped the container.
    case stopped
    /// A job stopped the container, and SIGKILL was necessary.
    case stoppedForced = "stopped_forced"
    /// The process exited with code 0, without a job.
    case completed
    case crashed
    case oomKilled = "oom_killed"
    /// A signal ended the process, without a job.
    case killed
    case daemonShutdown = "daemon_shutdown"
    /// An operator has forgotten the container's node.
    case nodeLost = "node_lost"
    /// The container was gone before the leader could inspect it.
    case unknown
}

/// The labels that rtmanager sets on containers and reads from images.
public enum GalaxyLabel {
    /// The prefix of rtmanager's labels.
    public static let prefix = "com.galaxy."
    public static let owner = "com.galaxy.owner"
    /// The value of ``owner``.
    public static let ownerValue = "rtmanager"
    public static let namespace = "com.galaxy.namespace"
    public static let gameID = "com.galaxy.game_id"
    public static let jobID = "com.galaxy.job_id"
    /// The digest of the job's request.
    public static let spec = "com.galaxy.spec"
    /// The number of the claim whose job made the container. Of two containers of a game, the higher number is newer.
    public static let fence = "com.galaxy.fence"
    /// The name or address of the host in the container's endpoint, if its port is published.
    public static let advertised = "com.galaxy.advertised"
    /// The labels that identify the owner of a container. An image must carry none of them.
    public static let ownership = [owner, namespace, gameID, jobID, spec, fence, advertised]
    public static let cpuQuota = "com.galaxy.cpu_quota"
    public static let memory = "com.galaxy.memory"
    public static let pidsLimit = "com.galaxy.pids_limit"
    public static let port = "com.galaxy.port"
    public static let readyPath = "com.galaxy.ready_path"
}

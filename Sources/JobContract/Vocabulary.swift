/// What a job asks for.
public enum JobKind: String, Sendable, CaseIterable {
    case start, stop, remove, restart

    /// Whether its end is a game that runs.
    public var startsGame: Bool { self == .start || self == .restart }
}

/// How a job ended.
public enum JobOutcome: String, Sendable, CaseIterable {
    case succeeded
    case failed
    /// Invalid or not allowed: never tried.
    case rejected
    /// A later stop or remove made it pointless.
    case superseded
    /// Its deadline had passed before it was begun.
    case expired
}

/// What a job changed.
public enum JobEffect: String, Sendable, CaseIterable {
    case started
    case alreadyRunning = "already_running"
    case stopped
    case alreadyStopped = "already_stopped"
    case removed
    case alreadyAbsent = "already_absent"
    case none
}

/// Why a job did not succeed.
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
    /// Behind another job of its game, or for its node.
    case waiting
    case running
    case retrying
    case done
    /// Ended, and on the stream of dead jobs.
    case dead
}

/// A step of a container's story.
public enum LifecycleKind: String, Sendable, CaseIterable {
    case started, healthy, unhealthy, oom, exited, removed

    /// Whether it may happen many times a second while the container runs on. Events of such a kind have a `count`.
    public var isFrequent: Bool { self == .healthy || self == .unhealthy || self == .oom }
}

/// Why a container's process ended.
public enum ExitReason: String, Sendable, CaseIterable {
    /// A job asked for it.
    case stopped
    /// A job asked for it, and SIGKILL was needed.
    case stoppedForced = "stopped_forced"
    /// Exit code 0, unasked.
    case completed
    case crashed
    case oomKilled = "oom_killed"
    /// A signal, unasked.
    case killed
    case daemonShutdown = "daemon_shutdown"
    /// Gone before anyone could look.
    case unknown
}

/// Labels that rtmanager gives its containers and reads from images.
public enum GalaxyLabel {
    /// Begins every label of ours.
    public static let prefix = "com.galaxy."
    public static let owner = "com.galaxy.owner"
    /// The value of ``owner``.
    public static let ownerValue = "rtmanager"
    public static let namespace = "com.galaxy.namespace"
    public static let gameID = "com.galaxy.game_id"
    public static let jobID = "com.galaxy.job_id"
    /// Digest of what the job asks for.
    public static let spec = "com.galaxy.spec"
    /// Fence of the ownership under which the container was made.
    public static let fence = "com.galaxy.fence"
    /// The labels that say whose a container is. An image must carry none of them.
    public static let ownership = [owner, namespace, gameID, jobID, spec, fence]
    public static let cpuQuota = "com.galaxy.cpu_quota"
    public static let memory = "com.galaxy.memory"
    public static let pidsLimit = "com.galaxy.pids_limit"
    public static let port = "com.galaxy.port"
    public static let readyPath = "com.galaxy.ready_path"
}

import Primitives

public import Primitives

/// A job as its producer wrote it, decoded and checked field by field.
public struct Job: Sendable, Equatable {
    /// The idempotency key that the producer chose.
    public var id: String
    public var kind: JobKind
    /// The workload; names its container, hostname and state folder.
    public var gameID: String
    /// Image reference with a tag or a digest; always there for a start.
    public var image: ImageReference?
    /// Guard of a stop or remove: nothing is done where the game's container is another one by now.
    public var containerID: String?
    public var pullPolicy: String
    public var env: [String: String]?
    public var cmd: [String]?
    public var labels: LabelMap?
    public var limits: Limits
    public var bindMounts: [Mount]?
    /// Seconds to wait for the engine to answer; 0: not waited for.
    public var readyTimeoutSeconds: Int
    /// Seconds between SIGTERM and SIGKILL.
    public var stopTimeoutSeconds: Int
    /// Whether a remove stops a running container first.
    public var force: Bool
    /// The job is not begun after this instant.
    public var deadline: Timestamp?
    /// How often the job is begun at most.
    public var maxAttempts: Int
    /// As the producer wrote it; echoed in the result.
    public var enqueuedAt: String?
    /// W3C trace context; echoed in the result.
    public var traceparent: String?
    /// Whether the message had a `traceparent` that is none.
    public var hasIgnoredTraceparent = false
    /// Of a restart: which of the fields that a start has its message gives. It takes the others from the start before.
    public var given: Set<StartField> = []

    /// The fields of a start that a restart may leave out.
    public enum StartField: String, Sendable, CaseIterable {
        case image, env, cmd, labels, limits
        case pullPolicy = "pull_policy"
        case bindMounts = "bind_mounts"
        case readyTimeoutSeconds = "ready_timeout_seconds"
    }

    /// Limits that the job asks for; nil: the image's, else the worker's.
    public struct Limits: Sendable, Equatable {
        /// CPUs, as `docker run --cpus` takes them.
        public var cpuQuota: Double?
        /// Memory as `docker run --memory` takes it: `512m`.
        public var memory: String?
        public var pidsLimit: Int?

        public init(cpuQuota: Double? = nil, memory: String? = nil, pidsLimit: Int? = nil) {
            self.cpuQuota = cpuQuota
            self.memory = memory
            self.pidsLimit = pidsLimit
        }
    }

    /// An extra mount that the job asks for.
    public struct Mount: Sendable, Equatable {
        public var hostPath: String
        public var mountPath: String
        public var readOnly: Bool

        public init(hostPath: String, mountPath: String, readOnly: Bool = false) {
            self.hostPath = hostPath
            self.mountPath = mountPath
            self.readOnly = readOnly
        }
    }

    public init(
        id: String,
        kind: JobKind,
        gameID: String,
        image: ImageReference? = nil,
        containerID: String? = nil,
        pullPolicy: String = Defaults.pullPolicy,
        env: [String: String]? = nil,
        cmd: [String]? = nil,
        labels: LabelMap? = nil,
        limits: Limits = Limits(),
        bindMounts: [Mount]? = nil,
        readyTimeoutSeconds: Int = 0,
        stopTimeoutSeconds: Int = Defaults.stopTimeoutSeconds,
        force: Bool = false,
        deadline: Timestamp? = nil,
        maxAttempts: Int = Defaults.maxAttempts,
        enqueuedAt: String? = nil,
        traceparent: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.gameID = gameID
        self.image = image
        self.containerID = containerID
        self.pullPolicy = pullPolicy
        self.env = env
        self.cmd = cmd
        self.labels = labels
        self.limits = limits
        self.bindMounts = bindMounts
        self.readyTimeoutSeconds = readyTimeoutSeconds
        self.stopTimeoutSeconds = stopTimeoutSeconds
        self.force = force
        self.deadline = deadline
        self.maxAttempts = maxAttempts
        self.enqueuedAt = enqueuedAt
        self.traceparent = traceparent
    }

    /// Values of fields that a producer leaves out.
    public enum Defaults {
        public static let pullPolicy = "if_missing"
        public static let stopTimeoutSeconds = 30
        public static let maxAttempts = 5
    }

    /// Whether a start or restart of the same game that waits before this job, or is under way, is made
    /// pointless by it: a stop or remove without a guard.
    public var supersedesStarts: Bool { (kind == .stop || kind == .remove) && containerID == nil }

    /// Whether this job also cancels a start that is under way: a stop, or a remove that may stop.
    public var cancelsStarts: Bool { supersedesStarts && (kind == .stop || force) }

    /// This restart with each field that it does not give as the game's last start had it; a job of another kind as it is.
    public func completed(by last: Job?) -> Job {
        guard kind == .restart, let last else { return self }
        var job = self
        for field in StartField.allCases where !given.contains(field) {
            switch field {
            case .image: job.image = last.image
            case .env: job.env = last.env
            case .cmd: job.cmd = last.cmd
            case .labels: job.labels = last.labels
            case .limits: job.limits = last.limits
            case .pullPolicy: job.pullPolicy = last.pullPolicy
            case .bindMounts: job.bindMounts = last.bindMounts
            case .readyTimeoutSeconds: job.readyTimeoutSeconds = last.readyTimeoutSeconds
            }
        }
        return job
    }
}

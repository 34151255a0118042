import Primitives

/// A job as its producer wrote it, decoded and checked field by field.
package struct Job: Sendable, Equatable {
    /// The idempotency key that the producer chose.
    package var id: String
    package var kind: JobKind
    /// The workload; names its container, hostname and state folder.
    package var gameID: String
    /// Image reference with a tag or a digest; always there for a start.
    package var image: ImageReference?
    /// Guard of a stop or remove: nothing is done where the game's container is another one by now.
    package var containerID: String?
    package var pullPolicy: String
    package var env: [String: String]?
    package var cmd: [String]?
    package var labels: LabelMap?
    package var limits: Limits
    package var bindMounts: [Mount]?
    /// Seconds to wait for the engine to answer; 0: not waited for.
    package var readyTimeoutSeconds: Int
    /// Seconds between SIGTERM and SIGKILL.
    package var stopTimeoutSeconds: Int
    /// Whether a remove stops a running container first.
    package var force: Bool
    /// The job is not begun after this instant.
    package var deadline: Timestamp?
    /// How often the job is begun at most.
    package var maxAttempts: Int
    /// As the producer wrote it; echoed in the result.
    package var enqueuedAt: String?
    /// W3C trace context; echoed in the result.
    package var traceparent: String?
    /// Whether the message had a `traceparent` that is none.
    package var hasIgnoredTraceparent = false
    /// Of a restart: which of the fields that a start has its message gives. It takes the others from the start before.
    package var given: Set<StartField> = []

    /// The fields of a start that a restart may leave out.
    package enum StartField: String, Sendable, CaseIterable {
        case image, env, cmd, labels, limits
        case pullPolicy = "pull_policy"
        case bindMounts = "bind_mounts"
        case readyTimeoutSeconds = "ready_timeout_seconds"
    }

    /// Limits that the job asks for; nil: the image's, else the worker's.
    package struct Limits: Sendable, Equatable {
        /// CPUs, as `docker run --cpus` takes them.
        package var cpuQuota: Double?
        /// Memory as `docker run --memory` takes it: `512m`.
        package var memory: String?
        package var pidsLimit: Int?

        package init(cpuQuota: Double? = nil, memory: String? = nil, pidsLimit: Int? = nil) {
            self.cpuQuota = cpuQuota
            self.memory = memory
            self.pidsLimit = pidsLimit
        }
    }

    /// An extra mount that the job asks for.
    package struct Mount: Sendable, Equatable {
        package var hostPath: String
        package var mountPath: String
        package var readOnly: Bool

        package init(hostPath: String, mountPath: String, readOnly: Bool = false) {
            self.hostPath = hostPath
            self.mountPath = mountPath
            self.readOnly = readOnly
        }
    }

    package init(
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
    package enum Defaults {
        package static let pullPolicy = "if_missing"
        package static let stopTimeoutSeconds = 30
        package static let maxAttempts = 5
    }

    /// Whether a start or restart of the same game that waits before this job, or is under way, is made
    /// pointless by it: a stop or remove without a guard.
    package var supersedesStarts: Bool { (kind == .stop || kind == .remove) && containerID == nil }

    /// Whether this job also cancels a start that is under way: a stop, or a remove that may stop.
    package var cancelsStarts: Bool { supersedesStarts && (kind == .stop || force) }

    /// This restart with each field that it does not give as the game's last start had it; a job of another kind as it is.
    package func completed(by last: Job?) -> Job {
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

import Primitives

/// A job, decoded from its producer's message and checked field by field.
package struct Job: Sendable, Equatable {
    /// The idempotency key, chosen by the producer.
    package var id: JobID
    package var kind: JobKind
    /// The workload. The container, the hostname and the state folder have their names from this id.
    package var gameID: GameID
    /// The image reference, with a tag or a digest. A start always has an image.
    package var image: ImageReference?
    /// The guard of a stop or remove: the job changes nothing if the game's container has another id.
    package var containerID: ContainerID?
    package var pullPolicy: String
    package var env: [String: String]?
    package var cmd: [String]?
    package var labels: LabelMap?
    package var limits: Limits
    package var bindMounts: [Mount]?
    /// The time in seconds to wait for an answer of the game engine; 0: the job does not wait.
    package var readyTimeoutSeconds: Int
    /// The time in seconds between SIGTERM and SIGKILL.
    package var stopTimeoutSeconds: Int
    /// Whether a remove first stops a running container.
    package var force: Bool
    /// The last instant at which the job may begin.
    package var deadline: Timestamp?
    /// The greatest number of attempts.
    package var maxAttempts: Int
    /// The push time, as written by the producer. The result repeats the text.
    package var enqueuedAt: String?
    /// The W3C trace context. The result repeats the text.
    package var traceparent: String?
    /// Whether the message had an invalid `traceparent`.
    package var hasIgnoredTraceparent = false
    /// The fields of a start that a restart's message contains. The game's last start gives the others.
    package var given: Set<StartField> = []

    /// The fields of a start that a restart may leave out.
    package enum StartField: String, Sendable, CaseIterable {
        case image, env, cmd, labels, limits
        case pullPolicy = "pull_policy"
        case bindMounts = "bind_mounts"
        case readyTimeoutSeconds = "ready_timeout_seconds"
    }

    /// The requested limits. A nil limit is taken from the image, or else from the worker.
    package struct Limits: Sendable, Equatable {
        /// The number of CPUs, as in `docker run --cpus`.
        package var cpuQuota: Double?
        /// The memory, as in `docker run --memory`: `512m`.
        package var memory: String?
        package var pidsLimit: Int?

        package init(cpuQuota: Double? = nil, memory: String? = nil, pidsLimit: Int? = nil) {
            self.cpuQuota = cpuQuota
            self.memory = memory
            self.pidsLimit = pidsLimit
        }
    }

    /// An extra mount, requested by the job.
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
        id: JobID,
        kind: JobKind,
        gameID: GameID,
        image: ImageReference? = nil,
        containerID: ContainerID? = nil,
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

    /// The values of missing fields.
    package enum Defaults {
        package static let pullPolicy = "if_missing"
        package static let stopTimeoutSeconds = 30
        package static let maxAttempts = 5
    }

    /// Whether this job makes an earlier start or restart of the game obsolete: a stop or remove without a guard.
    package var supersedesStarts: Bool { (kind == .stop || kind == .remove) && containerID == nil }

    /// Whether this job also cancels a running start or restart: a stop, or a remove with `force`, without a guard.
    package var cancelsStarts: Bool { supersedesStarts && (kind == .stop || force) }

    /// Returns this restart with its missing fields taken from the game's last start. Another job is returned
    /// unchanged.
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

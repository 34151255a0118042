import Primitives

public import JobContract
public import Primitives

/// A producer's request for a job. The contract's defaults apply to all unset fields.
public struct JobRequest: Sendable, Equatable {
    /// The limits of the container. For each nil limit the image's limit applies, or the worker's default.
    public struct Limits: Sendable, Equatable {
        /// The number of CPUs.
        public var cpuQuota: Double?
        /// The memory in Docker's notation, for example `512m`.
        public var memory: String?
        /// The number of processes and threads.
        public var pidsLimit: Int?

        public init(cpuQuota: Double? = nil, memory: String? = nil, pidsLimit: Int? = nil) {
            self.cpuQuota = cpuQuota
            self.memory = memory
            self.pidsLimit = pidsLimit
        }
    }

    /// A mount of a host directory in the container. The directory must be below a root that the worker's operator
    /// allows.
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

    public var kind: JobKind
    /// The idempotency key: workers drop a second job with the same id.
    public var id: JobID
    public var gameID: GameID
    /// The queue for the message. The message itself does not contain the queue. Use the same queue for all jobs of a
    /// game.
    public var queue = "default"

    public var image: String?
    /// The expected container of a stop or remove. If the game has another container by now, the worker changes
    /// nothing.
    public var containerID: ContainerID?
    /// The pull policy: `if_missing`, `always` or `never`.
    public var pullPolicy: String?
    public var env: [String: String] = [:]
    public var cmd: [String] = []
    public var labels: LabelMap = [:]
    public var limits = Limits()
    public var bindMounts: [Mount] = []
    public var readyTimeoutSeconds: Int?
    public var stopTimeoutSeconds: Int?
    /// Whether a remove first stops a running container.
    public var force = false
    /// The time after which no worker begins the job.
    public var deadline: Timestamp?
    public var maxAttempts: Int?
    /// The time of the push, for latency metrics. A signed job needs this time; the client fills in a missing time.
    public var enqueuedAt: Timestamp?
    /// The W3C trace context. The worker's spans continue the trace.
    public var traceparent: String?

    public init(kind: JobKind, id: JobID, gameID: GameID) {
        self.kind = kind
        self.id = id
        self.gameID = gameID
    }

    /// Returns a request to start `image`.
    public static func start(_ gameID: GameID, image: String, id: JobID) -> JobRequest {
        var request = JobRequest(kind: .start, id: id, gameID: gameID)
        request.image = image
        return request
    }

    public static func stop(_ gameID: GameID, id: JobID) -> JobRequest {
        JobRequest(kind: .stop, id: id, gameID: gameID)
    }

    /// Returns a request to remove the game's container.
    ///
    /// - Parameter force: whether to stop a running container first. Without `force`, workers refuse to remove a
    ///   running container.
    public static func remove(_ gameID: GameID, force: Bool = false, id: JobID) -> JobRequest {
        var request = JobRequest(kind: .remove, id: id, gameID: gameID)
        request.force = force
        return request
    }

    public static func restart(_ gameID: GameID, id: JobID) -> JobRequest {
        JobRequest(kind: .restart, id: id, gameID: gameID)
    }
}

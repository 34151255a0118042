import Primitives

public import JobContract
public import Primitives

/// A job as a producer asks for it. What is left out, the contract's defaults stand for.
public struct JobRequest: Sendable, Equatable {
    /// Limits of the container; nil: the image's, else the worker's.
    public struct Limits: Sendable, Equatable {
        /// CPUs.
        public var cpuQuota: Double?
        /// In Docker's notation: `512m`.
        public var memory: String?
        /// Processes and threads.
        public var pidsLimit: Int?

        public init(cpuQuota: Double? = nil, memory: String? = nil, pidsLimit: Int? = nil) {
            self.cpuQuota = cpuQuota
            self.memory = memory
            self.pidsLimit = pidsLimit
        }
    }

    /// A directory of the host in the container, below a root that the worker's operator allows.
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
    /// Idempotency key: a second job with the same id is dropped.
    public var id: String
    public var gameID: String
    /// Queue that the message goes to; no part of the message. A game's jobs belong in one.
    public var queue = "default"

    public var image: String?
    /// Guard of a stop or remove: nothing is done where the game's container is another one by now.
    public var containerID: String?
    /// `if_missing`, `always` or `never`.
    public var pullPolicy: String?
    public var env: [String: String] = [:]
    public var cmd: [String] = []
    public var labels: LabelMap = [:]
    public var limits = Limits()
    public var bindMounts: [Mount] = []
    public var readyTimeoutSeconds: Int?
    public var stopTimeoutSeconds: Int?
    /// Whether a remove stops a running container first.
    public var force = false
    /// The job is not begun after this instant.
    public var deadline: Timestamp?
    public var maxAttempts: Int?
    /// When it was pushed; for figures of latency.
    public var enqueuedAt: Timestamp?
    /// W3C trace context, which the worker's spans continue.
    public var traceparent: String?

    public init(kind: JobKind, id: String, gameID: String) {
        self.kind = kind
        self.id = id
        self.gameID = gameID
    }

    /// A start of `image`.
    public static func start(_ gameID: String, image: String, id: String) -> JobRequest {
        var request = JobRequest(kind: .start, id: id, gameID: gameID)
        request.image = image
        return request
    }

    public static func stop(_ gameID: String, id: String) -> JobRequest {
        JobRequest(kind: .stop, id: id, gameID: gameID)
    }

    /// - Parameter force: stop a running container first; else it is refused.
    public static func remove(_ gameID: String, force: Bool = false, id: String) -> JobRequest {
        var request = JobRequest(kind: .remove, id: id, gameID: gameID)
        request.force = force
        return request
    }

    public static func restart(_ gameID: String, id: String) -> JobRequest {
        JobRequest(kind: .restart, id: id, gameID: gameID)
    }
}

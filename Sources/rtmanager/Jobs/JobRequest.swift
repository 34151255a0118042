import Timestamps

/// A job as a command line asks for it.
struct JobRequest: Sendable, Equatable {
    enum Kind: String, Sendable {
        case start, stop, remove, restart
    }

    struct Limits: Sendable, Equatable {
        /// CPUs.
        var cpuQuota: Double?
        /// In Docker's notation: `512m`.
        var memory: String?
        /// Processes and threads.
        var pidsLimit: Int?
    }

    struct Mount: Sendable, Equatable {
        var hostPath: String
        var mountPath: String
        var readOnly = false
    }

    var kind: Kind
    /// Idempotency key: a second job with the same id is dropped.
    var id: String
    var gameID: String
    /// Queue that the message goes to; no part of the message.
    var queue = "default"

    var image: String?
    var containerID: String?
    /// `if_missing`, `always` or `never`.
    var pullPolicy: String?
    var env: [String: String] = [:]
    var cmd: [String] = []
    var labels: [String: String] = [:]
    var limits = Limits()
    var bindMounts: [Mount] = []
    var readyTimeoutSeconds: Int?
    var stopTimeoutSeconds: Int?
    var force = false
    var deadline: Timestamp?
    var maxAttempts: Int?
    var enqueuedAt: Timestamp?

    init(kind: Kind, id: String, gameID: String) {
        self.kind = kind
        self.id = id
        self.gameID = gameID
    }
}

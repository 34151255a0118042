import DockerPort
import JobContract

/// What an operator decides about the containers of a node; with a job it makes a ``DockerPort/RunSpec``.
package struct NodeSettings: Sendable, Equatable {
    /// Namespace that owns the containers.
    package var namespace: String
    /// Network of every container.
    package var network: String
    /// Put before the game's id it makes the container's name and hostname.
    package var namePrefix: String
    /// Directory of the host that holds one state folder per game.
    package var stateRoot: String
    /// Where a game finds its state folder in the container.
    package var stateMount: String
    /// Environment of every container.
    package var env: [String: String]
    /// Port of the engine where the image's labels name none.
    package var enginePort: Int
    package var logDriver: String
    package var logOpts: [String: String]
    /// Limits where neither the job nor the image names any.
    package var defaultLimits: Limits
    /// Most that a job or an image may ask for; nil: the host's own.
    package var maximumLimits: MaximumLimits
    package var hardening: Hardening
    /// Globs on the whole image reference; empty: every image.
    package var allowedImages: [String]
    /// Directories below which a job may mount; empty: none.
    package var allowedMountRoots: [MountRoot]
    /// Which labels a job may give its container.
    package var labelRules: LabelRules
    /// Most seconds between SIGTERM and SIGKILL that a job may ask for.
    package var maximumStopTimeout: Int
    /// Most seconds that a job may have its game engine waited for.
    package var maximumReadyTimeout: Int

    package struct Limits: Sendable, Equatable {
        package var cpuQuota: Double
        package var memory: String
        package var pidsLimit: Int

        package init(cpuQuota: Double = 1.0, memory: String = "512m", pidsLimit: Int = 512) {
            self.cpuQuota = cpuQuota
            self.memory = memory
            self.pidsLimit = pidsLimit
        }
    }

    package struct MaximumLimits: Sendable, Equatable {
        package var cpuQuota: Double?
        package var memory: String?
        package var pidsLimit: Int?

        package init(cpuQuota: Double? = nil, memory: String? = nil, pidsLimit: Int? = nil) {
            self.cpuQuota = cpuQuota
            self.memory = memory
            self.pidsLimit = pidsLimit
        }
    }

    package init(
        namespace: String = "rtm",
        network: String = "galaxy-net",
        namePrefix: String = "galaxy-game-",
        stateRoot: String = "/var/lib/rtmanager/games",
        stateMount: String = "/var/lib/galaxy",
        env: [String: String] = [:],
        enginePort: Int = 8080,
        logDriver: String = "json-file",
        logOpts: [String: String] = ["max-size": "10m", "max-file": "3"],
        defaultLimits: Limits = Limits(),
        maximumLimits: MaximumLimits = MaximumLimits(),
        hardening: Hardening = Hardening(),
        allowedImages: [String] = [],
        allowedMountRoots: [MountRoot] = [],
        labelRules: LabelRules = LabelRules(),
        maximumStopTimeout: Int = 600,
        maximumReadyTimeout: Int = 600
    ) {
        self.namespace = namespace
        self.network = network
        self.namePrefix = namePrefix
        self.stateRoot = stateRoot
        self.stateMount = stateMount
        self.env = env
        self.enginePort = enginePort
        self.logDriver = logDriver
        self.logOpts = logOpts
        self.defaultLimits = defaultLimits
        self.maximumLimits = maximumLimits
        self.hardening = hardening
        self.allowedImages = allowedImages
        self.allowedMountRoots = allowedMountRoots
        self.labelRules = labelRules
        self.maximumStopTimeout = maximumStopTimeout
        self.maximumReadyTimeout = maximumReadyTimeout
    }

    /// Name and hostname of a game's container.
    package func containerName(gameID: String) -> String { namePrefix + gameID }

    /// State folder of a game on the host.
    package func stateFolder(gameID: String) -> String {
        (stateRoot.hasSuffix("/") ? String(stateRoot.dropLast()) : stateRoot) + "/" + gameID
    }
}

extension NodeSettings {
    /// Bounds what jobs may ask for by what the Engine's machine has, where the operator sets no bound: more CPUs
    /// the Engine refuses, and more memory would be no limit at all.
    package mutating func boundLimits(by host: EngineInfo) {
        if maximumLimits.cpuQuota == nil, host.cpus > 0 { maximumLimits.cpuQuota = Double(host.cpus) }
        if maximumLimits.memory == nil, host.memoryBytes > 0 { maximumLimits.memory = "\(host.memoryBytes)" }
    }

    /// The allowed root below which `path` lies; nil where there is none. Compared by components, so that
    /// `/srv/maps` does not allow `/srv/maps-other`. No root lies in another (``MountRootRules``).
    func mountRoot(of path: String) -> MountRoot? {
        guard let path = Self.components(path) else { return nil }
        return allowedMountRoots.first { $0.contains(path) }
    }

    /// Components of an absolute path; nil where it has any that would mean another place.
    static func components(_ path: String) -> [Substring]? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        if path.utf8.count == 1 { return [] }
        let components = pathComponents(path, keepingEmpty: true)
        return components.contains { $0.isEmpty || $0 == "." || $0 == ".." } ? nil : components
    }
}

/// Why a job cannot go on.
package struct JobFailure: Error, Sendable, Equatable {
    package var code: ErrorCode
    /// A sentence for a person, of at most 1,024 bytes.
    package var message: String { didSet { message = message.cut(toBytes: Sentence.maximumBytes) } }
    /// Whether another try may succeed.
    package var retryable: Bool
    /// How soon.
    package var pace: RetryPace
    /// Whether something may be left on the Engine that the job had made.
    package var mayHaveLeft: Bool
    /// Whether the Engine may be out of reach: whoever decides what becomes of the job asks it first.
    package var mayBeOutage: Bool
    /// What a third party said of it, such as a registry: for the worker's log alone.
    package var detail: String?
    /// The container that stays, for its logs.
    package var container: StayingContainer?

    /// A container whose process ended at once.
    package struct StayingContainer: Sendable, Equatable {
        package var id: String
        package var name: String

        package init(id: String, name: String) {
            self.id = id
            self.name = name
        }
    }

    package init(
        _ code: ErrorCode,
        _ message: String,
        retryable: Bool = false,
        pace: RetryPace = .usual,
        mayHaveLeft: Bool = false,
        mayBeOutage: Bool = false,
        detail: String? = nil,
        container: StayingContainer? = nil
    ) {
        self.code = code
        self.message = message.cut(toBytes: Sentence.maximumBytes)
        self.retryable = retryable
        self.pace = pace
        self.mayHaveLeft = mayHaveLeft
        self.mayBeOutage = mayBeOutage
        self.detail = detail
        self.container = container
    }
}

import DockerPort
import JobContract
import Primitives

/// The operator's settings for the containers of a node. Settings and a job together make a ``DockerPort/RunSpec``.
package struct NodeSettings: Sendable, Equatable {
    /// Namespace that owns the containers.
    package var namespace: String
    /// Network of every container.
    package var network: String
    /// Prefix of container names and hostnames. The id of the game follows the prefix.
    package var namePrefix: String
    /// Host directory with a state folder for each game.
    package var stateRoot: String
    /// Path of the state folder inside a container.
    package var stateMount: String
    /// Environment of every container.
    package var env: [String: String]
    /// Port of the game engine if the image has no port label.
    package var enginePort: Int
    package var logDriver: String
    package var logOpts: [String: String]
    /// Limits if neither the job nor the image names limits.
    package var defaultLimits: Limits
    /// Largest limits allowed for jobs and images. A nil value means no maximum. ``boundLimits(by:)`` fills in the CPUs
    /// and the memory of the host.
    package var maximumLimits: MaximumLimits
    package var hardening: Hardening
    /// Globs for the whole image reference; empty for the default rule of ``ImagePattern``.
    package var allowedImages: [String]
    /// Directories with mounts allowed below; empty to refuse all mounts.
    package var allowedMountRoots: [MountRoot]
    /// The rules for labels given by jobs.
    package var labelRules: LabelRules
    /// Largest time between SIGTERM and SIGKILL that a job may request, in seconds.
    package var maximumStopTimeout: Int
    /// Longest wait for the game engine that a job may request, in seconds.
    package var maximumReadyTimeout: Int
    /// Where the games of the node are reached from other hosts; nil: only from the network of the containers.
    package var advertised: Advertisement?

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
        maximumReadyTimeout: Int = 600,
        advertised: Advertisement? = nil
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
        self.advertised = advertised
    }

    /// Returns the name of a game's container. The hostname is the same.
    package func containerName(gameID: GameID) -> String { namePrefix + gameID.text }

    /// Returns the path of a game's state folder on the host.
    package func stateFolder(gameID: GameID) -> String {
        (stateRoot.hasSuffix("/") ? String(stateRoot.dropLast()) : stateRoot) + "/" + gameID.text
    }
}

extension NodeSettings {
    /// Sets missing limits from the capacity of the Docker Engine's machine. The Docker Engine refuses more CPUs than
    /// the machine has, and a larger memory limit would have no effect.
    package mutating func boundLimits(by host: EngineInfo) {
        if maximumLimits.cpuQuota == nil, host.cpus > 0 { maximumLimits.cpuQuota = Double(host.cpus) }
        if maximumLimits.memory == nil, host.memoryBytes > 0 { maximumLimits.memory = "\(host.memoryBytes)" }
    }

    /// Returns the allowed root for `path`, or nil if no root allows the path.
    ///
    /// The comparison uses components, so `/srv/maps` does not allow `/srv/maps-other`. At most a single root can
    /// match, because no root lies inside another (``MountRootRules``).
    func mountRoot(of path: String) -> MountRoot? {
        guard let path = Self.components(path) else { return nil }
        return allowedMountRoots.first { $0.contains(path) }
    }

    /// Returns the components of an absolute path, or nil if a component is empty, `.` or `..`.
    static func components(_ path: String) -> [Substring]? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        if path.utf8.count == 1 { return [] }
        let components = pathComponents(path, keepingEmpty: true)
        return components.contains { $0.isEmpty || $0 == "." || $0 == ".." } ? nil : components
    }
}

/// The failure of a job's attempt.
package struct JobFailure: Error, Sendable, Equatable {
    package var code: ErrorCode
    /// A sentence for a person, of at most 1,024 bytes.
    package var message: String { didSet { message = message.cut(toBytes: Sentence.maximumBytes) } }
    /// Whether another attempt may succeed.
    package var retryable: Bool
    /// The pace of the next attempt.
    package var pace: RetryPace
    /// Whether a container made by the job may remain on the Docker Engine.
    package var mayHaveLeft: Bool
    /// Whether the Docker Engine may be unreachable. The caller checks the Docker Engine before deciding the job's next
    /// step.
    package var mayBeOutage: Bool
    /// The words of a third party, such as a registry. For the worker's log only.
    package var detail: String?
    /// The container kept for its logs.
    package var container: StayingContainer?
    /// Whether the job has gone back to Redis, because its node has no capacity. Nothing is to be recorded any more.
    package private(set) var isGivenBack = false

    /// A container whose process ended at once.
    package struct StayingContainer: Sendable, Equatable {
        package var id: ContainerID
        package var name: String

        package init(id: ContainerID, name: String) {
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

    /// Returns the failure of a job that has gone back to Redis.
    package static func givenBack(_ message: String) -> JobFailure {
        var failure = JobFailure(.internal, message)
        failure.isGivenBack = true
        return failure
    }
}

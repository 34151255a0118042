import DockerPort
import Primitives

/// The body of `POST /containers/create` for API 1.41 and newer.
///
/// The Docker Engine ignores unknown fields, so a misspelled name would mean a missing limit. The attempt therefore
/// compares the container with the spec after the start.
struct CreateBody: Encodable, Equatable {
    struct HostConfig: Encodable, Equatable {
        var networkMode: String
        var mounts: [Mount]
        var nanoCpus: Int64
        var memory: Int64
        var memorySwap: Int64
        var pidsLimit: Int64
        var restartPolicy = RestartPolicyName()
        var autoRemove = false
        var runsInit = true
        var capDrop = ["ALL"]
        var capAdd: [String]?
        var securityOpt = ["no-new-privileges"]
        var readonlyRootfs: Bool
        var tmpfs: [String: String]?
        var ipcMode = "private"
        var cgroupnsMode = "private"
        var oomScoreAdj = Self.oomScoreAdj
        var ulimits: [Ulimit] = []
        var logConfig: LogConfiguration
        /// The ports of the host, by the port in the container; nil: none.
        var portBindings: [String: [PortBinding]]?

        /// If the host runs out of memory, the kernel kills games before the host's own services.
        static let oomScoreAdj = 500

        enum CodingKeys: String, CodingKey {
            case networkMode = "NetworkMode"
            case mounts = "Mounts"
            case nanoCpus = "NanoCpus"
            case memory = "Memory"
            case memorySwap = "MemorySwap"
            case pidsLimit = "PidsLimit"
            case restartPolicy = "RestartPolicy"
            case autoRemove = "AutoRemove"
            case runsInit = "Init"
            case capDrop = "CapDrop"
            case capAdd = "CapAdd"
            case securityOpt = "SecurityOpt"
            case readonlyRootfs = "ReadonlyRootfs"
            case tmpfs = "Tmpfs"
            case ipcMode = "IpcMode"
            case cgroupnsMode = "CgroupnsMode"
            case oomScoreAdj = "OomScoreAdj"
            case ulimits = "Ulimits"
            case logConfig = "LogConfig"
            case portBindings = "PortBindings"
        }
    }
    struct PortBinding: Encodable, Equatable {
        var address: String
        /// Empty: the Docker Engine chooses a free port.
        var port: String

        enum CodingKeys: String, CodingKey {
            case address = "HostIp"
            case port = "HostPort"
        }
    }
    /// Docker's form of a set: names with empty objects.
    struct Nothing: Encodable, Equatable {}
    struct Ulimit: Codable, Equatable {
        var name: String
        var soft: Int64
        var hard: Int64

        private init(name: String, most: Int64) {
            self.name = name
            soft = most
            hard = most
        }

        /// Prevents core files on the host's disk.
        static let coreFiles = Ulimit(name: "core", most: 0)
        /// Limits open files. The Docker Engine's default may be unlimited.
        static let openFiles = Ulimit(name: "nofile", most: 65_536)

        /// Returns whether this ulimit allows more than `other`. A negative number means unlimited.
        func allowsMore(than other: Ulimit) -> Bool { hard < 0 || hard > other.hard }

        enum CodingKeys: String, CodingKey {
            case name = "Name"
            case soft = "Soft"
            case hard = "Hard"
        }
    }
    struct RestartPolicyName: Encodable, Equatable {
        var name = "no"

        enum CodingKeys: String, CodingKey {
            case name = "Name"
        }
    }
    struct Mount: Encodable, Equatable {
        var type = "bind"
        var source: String
        var target: String
        var readOnly: Bool
        var bindOptions = Bind()

        enum CodingKeys: String, CodingKey {
            case type = "Type"
            case source = "Source"
            case target = "Target"
            case readOnly = "ReadOnly"
            case bindOptions = "BindOptions"
        }
    }
    struct Bind: Encodable, Equatable {
        var propagation = "rprivate"
        var nonRecursive = true

        enum CodingKeys: String, CodingKey {
            case propagation = "Propagation"
            case nonRecursive = "NonRecursive"
        }
    }
    struct LogConfiguration: Encodable, Equatable {
        var type: String
        var config: [String: String]

        enum CodingKeys: String, CodingKey {
            case type = "Type"
            case config = "Config"
        }
    }
    struct NetworkingConfig: Encodable, Equatable {
        var endpointsConfig: [String: Endpoint]

        enum CodingKeys: String, CodingKey {
            case endpointsConfig = "EndpointsConfig"
        }
    }
    struct Endpoint: Encodable, Equatable {
        var aliases: [String]

        enum CodingKeys: String, CodingKey {
            case aliases = "Aliases"
        }
    }

    var image: String
    var hostname: String
    /// The user; nil: the image's user.
    var user: String?
    var env: [String]
    /// The command; nil: the image's command.
    var cmd: [String]?
    var labels: LabelsInJSON
    var stopSignal = "SIGTERM"
    /// The published port in the container; nil: none.
    var exposedPorts: [String: Nothing]?
    /// The health check; nil: the image's health check.
    var healthcheck: HealthcheckForm?
    var hostConfig: HostConfig
    var networkingConfig: NetworkingConfig

    enum CodingKeys: String, CodingKey {
        case image = "Image"
        case hostname = "Hostname"
        case user = "User"
        case env = "Env"
        case cmd = "Cmd"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case exposedPorts = "ExposedPorts"
        case healthcheck = "Healthcheck"
        case hostConfig = "HostConfig"
        case networkingConfig = "NetworkingConfig"
    }
}

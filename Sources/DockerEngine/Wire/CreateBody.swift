import Primitives
import DockerPort

/// Body of `POST /containers/create`, API 1.41 and newer. The Engine ignores fields that it does not know, so a
/// name that is wrong here would be a limit that is not there: the answer of an inspect is compared afterwards.
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

        /// When the host runs out of memory, games go before the host's own services.
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
        }
    }
    struct Ulimit: Codable, Equatable {
        var name: String
        var soft: Int64
        var hard: Int64

        private init(name: String, most: Int64) {
            self.name = name
            soft = most
            hard = most
        }

        /// No core files on the host's disk.
        static let coreFiles = Ulimit(name: "core", most: 0)
        /// The Engine's own default may be "no bound".
        static let openFiles = Ulimit(name: "nofile", most: 65_536)

        /// Whether this allows more than `other`. Negative numbers are no bound.
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
    /// Left out: the image's own.
    var user: String?
    var env: [String]
    /// Left out: the image's own.
    var cmd: [String]?
    var labels: LabelsInJSON
    var stopSignal = "SIGTERM"
    /// Left out: the image's own.
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
        case healthcheck = "Healthcheck"
        case hostConfig = "HostConfig"
        case networkingConfig = "NetworkingConfig"
    }
}

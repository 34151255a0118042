import DockerPort
import Logging
import RuntimeCore

/// Every setting of the program, checked. Where a value comes from and what is allowed is in
/// ``SettingDescriptor/all``; the initial values here are the defaults.
struct Settings: Sendable, Equatable {
    /// Settings that a file holds, by name; kept for messages about them.
    var configFile: String?

    // Redis and the deployment
    var redisURL = "redis://127.0.0.1:6379"
    /// File with the password of Redis; nil: the URL has it, or there is none.
    var redisPasswordFile: String?
    var namespace = "rtm"
    var signingKeyFile: String?
    /// How old a signed job may be when it is taken in.
    var signedMaxAgeSeconds = 86_400

    // Worker
    /// Whether a worker ends where Redis or the Engine is out of reach at its start.
    var noWait = false
    /// The node's id; nil: the Engine's own id.
    var node: String?
    /// Queue names, the most urgent first.
    var queues = ["default"]
    /// Jobs that run at once.
    var concurrency: Int
    /// Games that this node holds at most; 0: no bound.
    var slots = 0
    var leaseTTLSeconds = 10
    var leaderTTLSeconds = 5
    var nodeGraceSeconds = 300
    var drainTimeoutSeconds = 30
    var retentionSeconds = 604_800
    var retentionEntries = 1_000_000
    var deadBytes = 16 << 20
    var janitor = JanitorMode.report
    var janitorGraceSeconds = 600
    /// Containers that have ended and are kept on the node.
    var keptContainers = 200
    /// Where health, metrics and the dashboard are served; nil: nowhere.
    var http: HTTPAddress? = HTTPAddress(host: "127.0.0.1", port: 8081)
    var httpTokenFile: String?
    /// Collector of spans; nil: there are none.
    var otlpEndpoint: String?

    // Containers
    var network = "galaxy-net"
    var namePrefix = "galaxy-game-"
    var enginePort = 8080
    /// Milliseconds that the process of a start must have run.
    var startSettleMilliseconds = 0
    /// Environment of every game, under the job's own.
    var gameEnvironment: [String: String] = [:]
    var stateRoot = "/var/lib/rtmanager/games"
    var stateMount = "/var/lib/galaxy"
    /// Owner of a state folder as `user[:group]`, names or numbers; nil: as the folder is made.
    var stateOwner: String?
    /// Permission bits of a state folder.
    var stateMode: UInt32 = 0o750
    var cpuQuota = 1.0
    var memory = MemoryAmount(text: "512m", bytes: 512 << 20)
    var pidsLimit = 512
    /// The most that a job may ask for; nil: what the host has.
    var maxCPUQuota: Double?
    var maxMemory: MemoryAmount?
    var maxPIDsLimit: Int?
    var logDriver = "json-file"
    var logOpts = ["max-size": "10m", "max-file": "3"]
    var capAdd: [String] = []
    var readOnlyRootfs = false
    /// User of the container's processes; nil: the image's own.
    var user: String?
    /// Patterns of image references; empty: all images.
    var allowedImages: [String] = []
    /// Directories below which a job may mount; empty: nowhere.
    var allowedMountRoots: [MountRoot] = []
    /// Patterns of the names of labels; nil: all but those of known tools.
    var allowedLabels: [String]?
    /// Most seconds between SIGTERM and SIGKILL that a job may ask for.
    var maxStopTimeoutSeconds = 600
    /// Most seconds that a job may have its game engine waited for.
    var maxReadyTimeoutSeconds = 600

    // Log
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.text

    /// The defaults on a machine with `cores` cores.
    init(cores: Int) {
        concurrency = min(max(2 * cores, 1), 1024)
    }
}

/// An address to listen at.
struct HTTPAddress: Sendable, Equatable {
    var host: String
    /// 0: any free port.
    var port: Int
}

/// An amount of memory as Docker's command line takes it.
struct MemoryAmount: Sendable, Equatable {
    /// As it was written: `512m`.
    var text: String
    var bytes: Int64

    /// Nil where `text` is no amount in Docker's notation or below 6 MiB, the least that Docker takes.
    init?(_ text: String) {
        guard let bytes = MemorySize.bytes(text), bytes >= 6 << 20 else { return nil }
        self.init(text: text, bytes: bytes)
    }

    init(text: String, bytes: Int64) {
        self.text = text
        self.bytes = bytes
    }
}

/// How log lines look.
enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// For machines: one object a line.
    case json
}

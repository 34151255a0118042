import DockerPort
import Logging
import Observability
import RuntimeCore

/// Every setting of the program, checked. Where a value comes from and what is allowed is in
/// ``SettingDescriptor/all``; the initial values here are the defaults.
package struct Settings: Sendable, Equatable {
    /// Settings that a file holds, by name; kept for messages about them.
    var configFile: String?

    // Redis and the deployment
    package var redisURL = "redis://127.0.0.1:6379"
    /// File with the password of Redis; nil: the URL has it, or there is none.
    package var redisPasswordFile: String?
    package var namespace = "rtm"
    package var signingKeyFile: String?
    /// How old a signed job may be when it is taken in.
    package var signedMaxAgeSeconds = 86_400

    // Worker
    /// Whether a worker ends where Redis or the Engine is out of reach at its start.
    package var noWait = false
    /// The node's id; nil: the Engine's own id.
    package var node: String?
    /// Queue names, the most urgent first.
    package var queues = ["default"]
    /// Jobs that run at once.
    package var concurrency: Int
    /// Games that this node holds at most; 0: no bound.
    package var slots = 0
    package var leaseTTLSeconds = 10
    package var leaderTTLSeconds = 5
    package var nodeGraceSeconds = 300
    package var drainTimeoutSeconds = 30
    package var retentionSeconds = 604_800
    package var retentionEntries = 1_000_000
    package var deadBytes = 16 << 20
    package var janitor = JanitorMode.report
    package var janitorGraceSeconds = 600
    /// Containers that have ended and are kept on the node.
    package var keptContainers = 200
    /// Where health, metrics and the dashboard are served; nil: nowhere.
    package var http: HTTPAddress? = HTTPAddress(host: "127.0.0.1", port: 8081)
    package var httpTokenFile: String?
    /// Collector of spans; nil: there are none.
    package var otlpEndpoint: String?

    // Containers
    package var network = "galaxy-net"
    package var namePrefix = "galaxy-game-"
    package var enginePort = 8080
    /// Milliseconds that the process of a start must have run.
    package var startSettleMilliseconds = 0
    /// Environment of every game, under the job's own.
    package var gameEnvironment: [String: String] = [:]
    package var stateRoot = "/var/lib/rtmanager/games"
    package var stateMount = "/var/lib/galaxy"
    /// Owner of a state folder as `user[:group]`, names or numbers; nil: as the folder is made.
    package var stateOwner: String?
    /// Permission bits of a state folder.
    package var stateMode: UInt32 = 0o750
    package var cpuQuota = 1.0
    package var memory = MemoryAmount(text: "512m", bytes: 512 << 20)
    package var pidsLimit = 512
    /// The most that a job may ask for; nil: what the host has.
    package var maxCPUQuota: Double?
    package var maxMemory: MemoryAmount?
    package var maxPIDsLimit: Int?
    package var logDriver = "json-file"
    package var logOpts = ["max-size": "10m", "max-file": "3"]
    package var capAdd: [String] = []
    package var readOnlyRootfs = false
    /// User of the container's processes; nil: the image's own.
    package var user: String?
    /// Patterns of image references; empty: all images.
    package var allowedImages: [String] = []
    /// Directories below which a job may mount; empty: nowhere.
    package var allowedMountRoots: [MountRoot] = []
    /// Patterns of the names of labels; nil: all but those of known tools.
    package var allowedLabels: [String]?
    /// Most seconds between SIGTERM and SIGKILL that a job may ask for.
    package var maxStopTimeoutSeconds = 600
    /// Most seconds that a job may have its game engine waited for.
    package var maxReadyTimeoutSeconds = 600

    // Log
    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.text

    /// The defaults on a machine with `cores` cores.
    package init(cores: Int) {
        concurrency = min(max(2 * cores, 1), 1024)
    }
}

/// An address to listen at.
package struct HTTPAddress: Sendable, Equatable {
    package var host: String
    /// 0: any free port.
    package var port: Int
}

/// An amount of memory as Docker's command line takes it.
package struct MemoryAmount: Sendable, Equatable {
    /// As it was written: `512m`.
    package var text: String
    package var bytes: Int64

    /// Nil where `text` is no amount in Docker's notation or below 6 MiB, the least that Docker takes.
    package init?(_ text: String) {
        guard let bytes = MemorySize.bytes(text), bytes >= 6 << 20 else { return nil }
        self.init(text: text, bytes: bytes)
    }

    package init(text: String, bytes: Int64) {
        self.text = text
        self.bytes = bytes
    }
}

import JobContract
import DockerPort
import Logging
import Observability
import Primitives
import RuntimeCore

/// All settings of the program, checked.
///
/// The initial values are the defaults. ``SettingDescriptor/all`` describes the sources and the allowed values.
package struct Settings: Sendable, Equatable {
    /// The path of the settings file; nil: no file was read.
    var configFile: String?

    // Redis and the deployment
    package var redisURL = "redis://127.0.0.1:6379"
    /// The path of a file with the password of Redis; nil: the URL holds the password, or Redis needs none.
    package var redisPasswordFile: String?
    package var redisCAFile: String?
    package var redisCertFile: String?
    package var redisKeyFile: String?
    package var redisSentinelUser: String?
    package var redisSentinelPasswordFile: String?
    package var namespace = "rtm"
    package var signingKeyFile: String?
    /// The greatest age of a signed job at intake, in seconds.
    package var signedMaxAgeSeconds = 86_400

    // Worker
    /// Whether the worker ends if Redis or the Docker Engine is out of reach at the start.
    package var noWait = false
    /// The node's id; nil: the id of the Docker Engine.
    package var node: NodeID?
    /// The names of the queues, the most urgent first.
    package var queues = ["default"]
    /// The number of concurrency permits for starts, and the same number for stops and removes.
    package var concurrency: Int
    /// The largest number of games on this node; 0: no bound.
    package var slots = 0
    /// The memory of this node for games; nil: nine tenths of the host's; 0 bytes: not counted.
    package var capacityMemory: MemorySize?
    /// The number of CPUs of this node for games; 0: not counted.
    package var capacityCPU = 0.0
    package var placement = Placement.spread
    package var leaseTTLSeconds = 10
    package var leaderTTLSeconds = 4
    package var nodeGraceSeconds = 300
    package var stopWhenCutOff = false
    package var drainTimeoutSeconds = 30
    package var retentionSeconds = 604_800
    package var retentionEntries = 1_000_000
    package var deadBytes = 16 << 20
    package var janitor = JanitorMode.report
    package var janitorGraceSeconds = 600
    /// The number of exited containers kept on the node for their logs.
    package var keptContainers = 200
    /// The address of health, metrics and console; nil: no HTTP server.
    package var http: HTTPAddress? = HTTPAddress(host: "127.0.0.1", port: 8081)
    package var httpTokenFile: String?
    /// The file with the token of callers that only read.
    package var httpReadTokenFile: String?
    /// Whether people can act with the console.
    package var httpActions = false
    /// The request header with the name of the person, set by an authenticating proxy.
    package var httpUserHeader: String?
    /// The collector's URL for spans; nil: the worker makes no spans.
    package var otlpEndpoint: String?

    // Containers
    package var network = "galaxy-net"
    package var namePrefix = "galaxy-game-"
    package var enginePort = 8080
    /// The host of published ports, and their range; nil: no port is published.
    package var advertise: AdvertisedHost?
    /// The address at which published ports are bound; nil: the advertised host.
    package var advertiseBind: String?
    /// The time for which a started process must run before its start succeeds, in milliseconds.
    package var startSettleMilliseconds = 0
    /// The variables of every game's environment. A job's variables take precedence.
    package var gameEnvironment: [String: String] = [:]
    package var stateRoot = "/var/lib/rtmanager/games"
    package var stateMount = "/var/lib/galaxy"
    /// The owner of a state folder as `user[:group]`, names or numbers; nil: the worker's user.
    package var stateOwner: String?
    /// The permission bits of a state folder.
    package var stateMode: UInt32 = 0o750
    package var cpuQuota = 1.0
    package var memory = MemorySize(mebibytes: 512)
    package var pidsLimit = 512
    /// The largest number of CPUs for a job; nil: the host's.
    package var maxCPUQuota: Double?
    /// The largest amount of memory for a job; nil: the host's.
    package var maxMemory: MemorySize?
    /// The largest number of processes for a job; nil: the host's.
    package var maxPIDsLimit: Int?
    package var logDriver = "json-file"
    package var logOpts = ["max-size": "10m", "max-file": "3"]
    package var capAdd: [String] = []
    package var readOnlyRootfs = false
    /// The user of the container's processes; nil: the image's user.
    package var user: String?
    /// The globs of allowed image references; empty: all images except those of registries at an address.
    package var allowedImages: [String] = []
    /// The directories below which a job may mount; empty: none.
    package var allowedMountRoots: [MountRoot] = []
    /// The globs of allowed label names; nil: all names except those of known tools.
    package var allowedLabels: [String]?
    /// The longest time between SIGTERM and SIGKILL for a job, in seconds.
    package var maxStopTimeoutSeconds = 600
    /// The longest wait of a job for its game engine, in seconds.
    package var maxReadyTimeoutSeconds = 600

    // Log
    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.text

    /// Creates the default settings for a machine with `cores` cores.
    package init(cores: Int) {
        concurrency = min(max(2 * cores, 1), 1024)
    }
}

/// The host of published ports.
package struct AdvertisedHost: Sendable, Equatable {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    package var host: String
    /// The ports to publish; nil: the Docker Engine chooses free ones.
    package var ports: ClosedRange<Int>?
}

/// An address for the HTTP server.
package struct HTTPAddress: Sendable, Equatable {
    package var host: String
    /// The port; 0: any free port.
    package var port: Int
}

import Primitives

/// What ``DockerClient/run(_:)`` is asked for.
public struct RunSpec: Sendable, Equatable {
    /// Name of the container, typically `galaxy-game-{game_id}`.
    public var name: String
    /// Image reference, with a tag or a digest.
    public var image: String
    /// Id of the image that was looked at, `sha256:…`: a reference may name another one by the time of the start,
    /// which is undone then. Nil: whatever the reference names.
    public var imageID: String?
    /// Hostname, which Docker's DNS resolves on the network.
    public var hostname: String
    /// User-defined network that the container is attached to.
    public var network: String
    /// Environment variables.
    public var env: [String: String]
    /// Arguments for the image's entry point; empty: the image's own.
    public var cmd: [String]
    /// Labels of the container.
    public var labels: LabelMap
    /// Directories of the host that the container sees.
    public var bindMounts: [BindMount]
    /// Name of the logging driver.
    public var logDriver: String
    /// Options of the logging driver.
    public var logOpts: [String: String]
    /// CPUs, as `docker run --cpus` takes them.
    public var cpuQuota: Double
    /// Memory limit as `docker run --memory` takes it: `512m`. Swap is held at the same bound.
    public var memory: String
    /// Most processes and threads, as `docker run --pids-limit` takes it.
    public var pidsLimit: Int
    /// Port at which the engine in the container answers; with the hostname it makes the endpoint.
    public var enginePort: Int
    /// What the container may do beyond the hardened default.
    public var hardening: Hardening
    /// HEALTHCHECK in place of the image's own; nil: the image's own.
    public var healthcheck: Healthcheck?

    public init(
        name: String,
        image: String,
        imageID: String? = nil,
        hostname: String,
        network: String,
        env: [String: String] = [:],
        cmd: [String] = [],
        labels: LabelMap = [:],
        bindMounts: [BindMount] = [],
        logDriver: String,
        logOpts: [String: String] = [:],
        cpuQuota: Double,
        memory: String,
        pidsLimit: Int,
        enginePort: Int = 8080,
        hardening: Hardening = Hardening(),
        healthcheck: Healthcheck? = nil
    ) {
        self.name = name
        self.image = image
        self.imageID = imageID
        self.hostname = hostname
        self.network = network
        self.env = env
        self.cmd = cmd
        self.labels = labels
        self.bindMounts = bindMounts
        self.logDriver = logDriver
        self.logOpts = logOpts
        self.cpuQuota = cpuQuota
        self.memory = memory
        self.pidsLimit = pidsLimit
        self.enginePort = enginePort
        self.hardening = hardening
        self.healthcheck = healthcheck
    }

    /// URL at which the engine answers other containers of the network.
    public var engineEndpoint: String { "http://\(hostname):\(enginePort)" }
}

/// One directory of the host bound into the container.
public struct BindMount: Sendable, Equatable {
    /// Absolute path on the host.
    public var hostPath: String
    /// Absolute path in the container.
    public var mountPath: String
    /// Whether the container may not write there.
    public var readOnly: Bool
    /// Directory of the operator's in which the host path lies, and whose own path is trusted. Below it nothing may
    /// be a symbolic link, which whoever can write there could turn elsewhere. Nil: no part of the path may be one.
    public var root: String?

    public init(hostPath: String, mountPath: String, readOnly: Bool = false, root: String? = nil) {
        self.hostPath = hostPath
        self.mountPath = mountPath
        self.readOnly = readOnly
        self.root = root
    }
}

/// Deviations from the hardened default: no new privileges, no capabilities, init as process 1,
/// restart policy `no`, a cgroup namespace of its own, no core files, 65,536 open files, first to go when the host runs
/// out of memory. What is not here cannot be asked for: privileged mode, devices, the host's namespaces.
public struct Hardening: Sendable, Equatable {
    /// Capabilities that are kept, as `docker run --cap-add` names them.
    public var capAdd: [String]
    /// Read-only root file system, with a tmpfs at `/tmp`.
    public var readOnlyRootfs: Bool
    /// User, as `docker run --user` takes it; nil: the image's own.
    public var user: String?

    public init(capAdd: [String] = [], readOnlyRootfs: Bool = false, user: String? = nil) {
        self.capAdd = capAdd
        self.readOnlyRootfs = readOnlyRootfs
        self.user = user
    }
}

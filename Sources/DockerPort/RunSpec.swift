import Primitives

/// The request of ``DockerClient/run(_:)``.
package struct RunSpec: Sendable, Equatable {
    /// Name of the container, typically `galaxy-game-{game_id}`.
    package var name: String
    /// Image reference, with a tag or a digest.
    package var image: String
    /// Id of the inspected image, `sha256:…`, or nil to accept any image of the reference. If the reference names
    /// another image at the time of the start, the adapter undoes the start.
    package var imageID: String?
    /// Hostname. Docker's DNS resolves the hostname on the network.
    package var hostname: String
    /// User-defined network of the container.
    package var network: String
    /// Environment variables.
    package var env: [String: String]
    /// Arguments for the image's entry point; empty for the image's own arguments.
    package var cmd: [String]
    /// Labels of the container.
    package var labels: LabelMap
    /// Host directories mounted into the container.
    package var bindMounts: [BindMount]
    /// Name of the logging driver.
    package var logDriver: String
    /// Options of the logging driver.
    package var logOpts: [String: String]
    /// CPUs, in the form of `docker run --cpus`.
    package var cpuQuota: Double
    /// Memory limit in the form of `docker run --memory`, for example `512m`. Memory and swap together have the same
    /// limit.
    package var memory: String
    /// Limit of processes and threads, in the form of `docker run --pids-limit`.
    package var pidsLimit: Int
    /// Port of the game engine in the container. Hostname and port make up the endpoint.
    package var enginePort: Int
    /// The container's rights beyond the hardened default.
    package var hardening: Hardening
    /// Replacement for the image's HEALTHCHECK, or nil to keep the image's own.
    package var healthcheck: Healthcheck?
    /// The port of the host for the game engine; nil: only containers on the network reach the game engine.
    package var published: PublishedPort?

    package init(
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
        healthcheck: Healthcheck? = nil,
        published: PublishedPort? = nil
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
        self.published = published
    }

    /// URL of the game engine for other containers on the network.
    package var engineEndpoint: String { engineEndpoint(hostPort: nil) }

    /// Returns the URL of the game engine: for other containers on the network, or for everybody if the port is published.
    ///
    /// - Parameter hostPort: The port of the host; nil: no port is published.
    package func engineEndpoint(hostPort: Int?) -> String {
        guard let published, let hostPort else { return "http://\(hostname):\(enginePort)" }
        return "http://\(published.host):\(hostPort)"
    }
}

/// A host directory mounted into the container.
package struct BindMount: Sendable, Equatable {
    /// Absolute path on the host.
    package var hostPath: String
    /// Absolute path in the container.
    package var mountPath: String
    /// Whether the mount is read-only for the container.
    package var readOnly: Bool
    /// The operator's directory around the host path, or nil if the path has none.
    ///
    /// The path of `root` itself is trusted. No component below `root` may be a symbolic link, because anybody with
    /// write access there could redirect the link. Without `root`, no component of the whole path may be a symbolic
    /// link.
    package var root: String?

    package init(hostPath: String, mountPath: String, readOnly: Bool = false, root: String? = nil) {
        self.hostPath = hostPath
        self.mountPath = mountPath
        self.readOnly = readOnly
        self.root = root
    }
}

/// Differences from the hardened default.
///
/// The default: no new privileges, no capabilities, an init as process 1, restart policy `no`, a private cgroup
/// namespace, no core files, 65,536 open files, and the first place among the victims when the host is out of memory.
/// No setting allows privileged mode, devices or the host's namespaces.
package struct Hardening: Sendable, Equatable {
    /// Capabilities to keep, in the form of `docker run --cap-add`.
    package var capAdd: [String]
    /// Whether the root file system is read-only, with a tmpfs at `/tmp`.
    package var readOnlyRootfs: Bool
    /// User in the form of `docker run --user`, or nil for the image's own user.
    package var user: String?

    package init(capAdd: [String] = [], readOnlyRootfs: Bool = false, user: String? = nil) {
        self.capAdd = capAdd
        self.readOnlyRootfs = readOnlyRootfs
        self.user = user
    }
}

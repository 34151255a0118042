import Primitives

/// What ``DockerClient/run(_:)`` is asked for.
package struct RunSpec: Sendable, Equatable {
    /// Name of the container, typically `galaxy-game-{game_id}`.
    package var name: String
    /// Image reference, with a tag or a digest.
    package var image: String
    /// Id of the image that was looked at, `sha256:…`: a reference may name another one by the time of the start,
    /// which is undone then. Nil: whatever the reference names.
    package var imageID: String?
    /// Hostname, which Docker's DNS resolves on the network.
    package var hostname: String
    /// User-defined network that the container is attached to.
    package var network: String
    /// Environment variables.
    package var env: [String: String]
    /// Arguments for the image's entry point; empty: the image's own.
    package var cmd: [String]
    /// Labels of the container.
    package var labels: LabelMap
    /// Directories of the host that the container sees.
    package var bindMounts: [BindMount]
    /// Name of the logging driver.
    package var logDriver: String
    /// Options of the logging driver.
    package var logOpts: [String: String]
    /// CPUs, as `docker run --cpus` takes them.
    package var cpuQuota: Double
    /// Memory limit as `docker run --memory` takes it: `512m`. Swap is held at the same bound.
    package var memory: String
    /// Most processes and threads, as `docker run --pids-limit` takes it.
    package var pidsLimit: Int
    /// Port at which the engine in the container answers; with the hostname it makes the endpoint.
    package var enginePort: Int
    /// What the container may do beyond the hardened default.
    package var hardening: Hardening
    /// HEALTHCHECK in place of the image's own; nil: the image's own.
    package var healthcheck: Healthcheck?

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
    package var engineEndpoint: String { "http://\(hostname):\(enginePort)" }
}

/// One directory of the host bound into the container.
package struct BindMount: Sendable, Equatable {
    /// Absolute path on the host.
    package var hostPath: String
    /// Absolute path in the container.
    package var mountPath: String
    /// Whether the container may not write there.
    package var readOnly: Bool
    /// Directory of the operator's in which the host path lies, and whose own path is trusted. Below it nothing may
    /// be a symbolic link, which whoever can write there could turn elsewhere. Nil: no part of the path may be one.
    package var root: String?

    package init(hostPath: String, mountPath: String, readOnly: Bool = false, root: String? = nil) {
        self.hostPath = hostPath
        self.mountPath = mountPath
        self.readOnly = readOnly
        self.root = root
    }
}

/// Deviations from the hardened default: no new privileges, no capabilities, init as process 1,
/// restart policy `no`, a cgroup namespace of its own, no core files, 65,536 open files, first to go when the host runs
/// out of memory. What is not here cannot be asked for: privileged mode, devices, the host's namespaces.
package struct Hardening: Sendable, Equatable {
    /// Capabilities that are kept, as `docker run --cap-add` names them.
    package var capAdd: [String]
    /// Read-only root file system, with a tmpfs at `/tmp`.
    package var readOnlyRootfs: Bool
    /// User, as `docker run --user` takes it; nil: the image's own.
    package var user: String?

    package init(capAdd: [String] = [], readOnlyRootfs: Bool = false, user: String? = nil) {
        self.capAdd = capAdd
        self.readOnlyRootfs = readOnlyRootfs
        self.user = user
    }
}

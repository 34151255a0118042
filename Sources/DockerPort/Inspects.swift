import Primitives

/// The result of ``DockerClient/run(_:)``.
package struct RunResult: Sendable, Equatable {
    /// Full id of the container.
    package var containerID: ContainerID
    /// Stable URL of the game engine in the container.
    package var engineEndpoint: String
    /// The start time of the container on the Docker Engine's clock.
    package var startedAt: Timestamp
    /// The published port of the host; nil if no port is published.
    package var hostPort: Int?

    package init(containerID: ContainerID, engineEndpoint: String, startedAt: Timestamp, hostPort: Int? = nil) {
        self.containerID = containerID
        self.engineEndpoint = engineEndpoint
        self.startedAt = startedAt
        self.hostPort = hostPort
    }
}

/// The result of a stop.
package struct StopOutcome: Sendable, Equatable {
    /// Whether the container did not end after SIGTERM and was killed.
    package var forced: Bool
    /// Whether the container had ended, or had never run, before the stop.
    package var alreadyStopped: Bool

    package init(forced: Bool = false, alreadyStopped: Bool = false) {
        self.forced = forced
        self.alreadyStopped = alreadyStopped
    }
}

/// The used part of `GET /images/{name}/json`.
package struct ImageInspect: Sendable, Equatable {
    /// The requested reference.
    package var ref: String
    /// The image's id, `sha256:…`.
    package var id: String
    /// Labels of the image, such as `com.galaxy.cpu_quota`.
    package var labels: LabelMap
    /// Whether the image declares a HEALTHCHECK.
    package var hasHealthcheck: Bool
    /// The replacement for a HEALTHCHECK with too short intervals, or nil to keep the image's own.
    package var slowedHealthcheck: Healthcheck?
    /// The size of the Docker Engine's description of the image, in bytes. Each container of the image carries most of it,
    /// and each list of containers contains it: exposed ports, volumes, labels, command.
    package var descriptionBytes: Int

    package init(
        ref: String,
        id: String = "",
        labels: LabelMap = [:],
        hasHealthcheck: Bool = false,
        slowedHealthcheck: Healthcheck? = nil,
        descriptionBytes: Int = 0
    ) {
        self.descriptionBytes = descriptionBytes
        self.ref = ref
        self.id = id
        self.labels = labels
        self.hasHealthcheck = hasHealthcheck
        self.slowedHealthcheck = slowedHealthcheck
    }
}

/// The used part of `GET /containers/{id}/json`.
package struct ContainerInspect: Sendable, Equatable {
    /// Full id.
    package var id: ContainerID
    /// Name, without the leading slash.
    package var name: String
    /// Image reference given at the creation of the container.
    package var imageRef: String
    /// Id of the image, `sha256:…`.
    package var imageID: String
    /// Hostname.
    package var hostname: String
    /// The container's labels, including the labels of its image.
    package var labels: LabelMap
    /// Docker's `State.Status`, verbatim: `created` `running` `paused` `restarting` `removing` `exited` `dead`.
    package var status: String
    /// Docker's `State.Health.Status`, verbatim; empty without a HEALTHCHECK.
    package var health: String
    /// The number of restarts by Docker.
    package var restartCount: Int
    /// The creation time of the container.
    package var createdAt: Timestamp?
    /// The last start of the container, or nil if the container never started.
    package var startedAt: Timestamp?
    /// The last end of the container, or nil if the container never ended. While the container runs again, the value is
    /// the end of the previous run.
    package var finishedAt: Timestamp?
    /// Exit code; 0 while the container runs.
    package var exitCode: Int
    /// Whether the kernel killed a process of the container because it was out of memory.
    package var oomKilled: Bool
    /// Bind mounts.
    package var mounts: [BindMount]
    /// The container's address on each of its networks, by the name of the network.
    package var addresses: [String: String]
    /// The names of the container's overlay networks. The host does not reach addresses on these networks.
    package var overlays: Set<String>
    /// The CPU limit in billionths of a CPU; 0: no limit.
    package var nanoCPUs: Int64
    /// The memory limit in bytes; 0: no limit.
    package var memoryBytes: Int64
    /// Where the container's TCP ports are bound on the host, by the port in the container. Empty if it does not run.
    package var hostPorts: [Int: HostPort]

    package init(
        id: ContainerID,
        name: String,
        imageRef: String,
        imageID: String = "",
        hostname: String = "",
        labels: LabelMap = [:],
        status: String,
        health: String = "",
        restartCount: Int = 0,
        createdAt: Timestamp? = nil,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        exitCode: Int = 0,
        oomKilled: Bool = false,
        mounts: [BindMount] = [],
        addresses: [String: String] = [:],
        overlays: Set<String> = [],
        nanoCPUs: Int64 = 0,
        memoryBytes: Int64 = 0,
        hostPorts: [Int: HostPort] = [:]
    ) {
        self.id = id
        self.name = name
        self.imageRef = imageRef
        self.imageID = imageID
        self.hostname = hostname
        self.labels = labels
        self.status = status
        self.health = health
        self.restartCount = restartCount
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
        self.oomKilled = oomKilled
        self.mounts = mounts
        self.addresses = addresses
        self.overlays = overlays
        self.nanoCPUs = nanoCPUs
        self.memoryBytes = memoryBytes
        self.hostPorts = hostPorts
    }

    /// Whether the container is running, paused, or waiting for a restart by the Docker Engine.
    package var isRunning: Bool { hasProcess || status == "restarting" }

    /// Whether the container has a living process. A container in status `restarting` has none.
    package var hasProcess: Bool { status == "running" || status == "paused" }

    /// A description of the process' end: `the process ended with exit code 137, out of memory`.
    package var endedSentence: String {
        let hint: String
        switch exitCode {
        // Init processes and shells use these codes if the command cannot run.
        case 126: hint = " (the command may not be executed)"
        case 127: hint = " (there is no such command in the image)"
        default: hint = ""
        }
        return "the process ended with exit code \(exitCode)\(hint)" + (oomKilled ? ", out of memory" : "")
    }
}

/// A row of `GET /containers/json`, completed by an inspection.
package struct ContainerSummary: Sendable, Equatable {
    /// Full id.
    package var id: ContainerID
    /// Name, without the leading slash.
    package var name: String
    /// Image reference.
    package var imageRef: String
    /// Hostname.
    package var hostname: String
    /// Labels.
    package var labels: LabelMap
    /// The `State` of the list, verbatim. The values are those of `State.Status`.
    package var status: String
    /// Result of the health check in the text of the list, `healthy` or `unhealthy`; empty if the text has none. Use
    /// the value only as a reason to inspect the container.
    package var health: String
    /// The last start of the container, or nil if the container never started.
    package var startedAt: Timestamp?

    package init(
        id: ContainerID,
        name: String,
        imageRef: String,
        hostname: String,
        labels: LabelMap,
        status: String,
        health: String = "",
        startedAt: Timestamp?
    ) {
        self.id = id
        self.name = name
        self.imageRef = imageRef
        self.hostname = hostname
        self.labels = labels
        self.status = status
        self.health = health
        self.startedAt = startedAt
    }
}

extension ContainerSummary {
    /// See ``ContainerInspect/isRunning``.
    package var isRunning: Bool { hasProcess || status == "restarting" }

    /// See ``ContainerInspect/hasProcess``.
    package var hasProcess: Bool { status == "running" || status == "paused" }
}

/// The filter of ``DockerClient/list(_:)``.
package struct ListFilter: Sendable, Equatable {
    /// Required labels with their values; empty for all containers.
    package var labels: LabelMap
    /// Whether each row is completed by an inspection. Without inspections a single call returns thousands of
    /// containers, but hostname and start time stay empty.
    package var inspectsRows: Bool

    package init(labels: LabelMap = [:], inspectsRows: Bool = true) {
        self.labels = labels
        self.inspectsRows = inspectsRows
    }
}

import Primitives

public import Primitives

/// What ``DockerClient/run(_:)`` answers.
public struct RunResult: Sendable, Equatable {
    /// Full id of the container.
    public var containerID: String
    /// Stable URL of the engine in the container.
    public var engineEndpoint: String
    /// When the container started, on the Engine's clock.
    public var startedAt: Timestamp

    public init(containerID: String, engineEndpoint: String, startedAt: Timestamp) {
        self.containerID = containerID
        self.engineEndpoint = engineEndpoint
        self.startedAt = startedAt
    }
}

/// How a stop went.
public struct StopOutcome: Sendable, Equatable {
    /// Whether the container did not end on SIGTERM and was killed.
    public var forced: Bool
    /// Whether it had ended, or had never run, before the stop.
    public var alreadyStopped: Bool

    public init(forced: Bool = false, alreadyStopped: Bool = false) {
        self.forced = forced
        self.alreadyStopped = alreadyStopped
    }
}

/// What is read of `GET /images/{name}/json`.
public struct ImageInspect: Sendable, Equatable {
    /// The reference that was asked for.
    public var ref: String
    /// The image's id, `sha256:…`.
    public var id: String
    /// Labels of the image, such as `com.galaxy.cpu_quota`.
    public var labels: LabelMap
    /// Whether the image declares a HEALTHCHECK.
    public var hasHealthcheck: Bool
    /// The HEALTHCHECK that a container of the image gets in place of the image's own, whose intervals are too short;
    /// nil: the image's own.
    public var slowedHealthcheck: Healthcheck?

    public init(
        ref: String,
        id: String = "",
        labels: LabelMap = [:],
        hasHealthcheck: Bool = false,
        slowedHealthcheck: Healthcheck? = nil
    ) {
        self.ref = ref
        self.id = id
        self.labels = labels
        self.hasHealthcheck = hasHealthcheck
        self.slowedHealthcheck = slowedHealthcheck
    }
}

/// What is read of `GET /containers/{id}/json`.
public struct ContainerInspect: Sendable, Equatable {
    /// Full id.
    public var id: String
    /// Name, without the leading slash.
    public var name: String
    /// Image reference that the container was made from.
    public var imageRef: String
    /// Id of that image, `sha256:…`.
    public var imageID: String
    /// Hostname.
    public var hostname: String
    /// Labels given at create time, the image's own among them.
    public var labels: LabelMap
    /// Docker's `State.Status`, verbatim: `created` `running` `paused` `restarting` `removing` `exited` `dead`.
    public var status: String
    /// Docker's `State.Health.Status`, verbatim; empty where there is no HEALTHCHECK.
    public var health: String
    /// How often Docker has restarted it.
    public var restartCount: Int
    /// When it was made.
    public var createdAt: Timestamp?
    /// When it started last; nil where it never did.
    public var startedAt: Timestamp?
    /// When it ended last; nil where it never did. Kept from the run before while it runs again.
    public var finishedAt: Timestamp?
    /// Exit code; 0 while it runs.
    public var exitCode: Int
    /// Whether the kernel killed a process of it for want of memory.
    public var oomKilled: Bool
    /// Bind mounts.
    public var mounts: [BindMount]
    /// Address of the container on each network that it is attached to, by the network's name.
    public var addresses: [String: String]

    public init(
        id: String,
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
        addresses: [String: String] = [:]
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
    }

    /// Whether it runs, or is paused, which only stands still, or waits for the Engine to start it again.
    public var isRunning: Bool { hasProcess || status == "restarting" }

    /// Whether a process of it lives. None does while the Engine waits to start it again.
    public var hasProcess: Bool { status == "running" || status == "paused" }

    /// How the process ended, in words: `the process ended with exit code 137, out of memory`.
    public var endedSentence: String {
        let hint: String
        switch exitCode {
        // What an init, or a shell, ends with where it cannot run the command.
        case 126: hint = " (the command may not be executed)"
        case 127: hint = " (there is no such command in the image)"
        default: hint = ""
        }
        return "the process ended with exit code \(exitCode)\(hint)" + (oomKilled ? ", out of memory" : "")
    }
}

/// One row of `GET /containers/json`, completed by an inspect.
public struct ContainerSummary: Sendable, Equatable {
    /// Full id.
    public var id: String
    /// Name, without the leading slash.
    public var name: String
    /// Image reference.
    public var imageRef: String
    /// Hostname.
    public var hostname: String
    /// Labels.
    public var labels: LabelMap
    /// The list's `State`, verbatim, which has the words of `State.Status`.
    public var status: String
    /// Result of the health check as the list's prose tells it, `healthy` or `unhealthy`; empty where it tells
    /// none. A reason to look, no more.
    public var health: String
    /// When it started last; nil where it never did.
    public var startedAt: Timestamp?

    public init(
        id: String,
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
    /// As ``ContainerInspect/isRunning``.
    public var isRunning: Bool { hasProcess || status == "restarting" }

    /// As ``ContainerInspect/hasProcess``.
    public var hasProcess: Bool { status == "running" || status == "paused" }
}

/// Which containers ``DockerClient/list(_:)`` answers.
public struct ListFilter: Sendable, Equatable {
    /// Labels that must all be there, with these values; empty: every container.
    public var labels: LabelMap
    /// Whether each row is completed by an inspect. Without, one call answers for thousands of containers, and
    /// hostname and start stay empty.
    public var inspectsRows: Bool

    public init(labels: LabelMap = [:], inspectsRows: Bool = true) {
        self.labels = labels
        self.inspectsRows = inspectsRows
    }
}

/// What is read of `GET /info`.
public struct EngineInfo: Sendable, Equatable {
    /// The Engine's own id, which stays over restarts.
    public var id: String
    /// Hostname of the Engine's machine.
    public var name: String
    /// Version of the Engine.
    public var serverVersion: String
    /// API version that is spoken with it, as negotiated.
    public var apiVersion: String
    /// CPUs of the machine.
    public var cpus: Int
    /// Bytes of memory of the machine.
    public var memoryBytes: Int64
    /// Whether containers outlive an end of the Engine.
    public var liveRestore: Bool
    /// The clock of the Engine's machine as it answered; nil where it does not tell.
    public var systemTime: Timestamp?

    public init(
        id: String,
        name: String,
        serverVersion: String,
        apiVersion: String,
        cpus: Int,
        memoryBytes: Int64,
        liveRestore: Bool = false,
        systemTime: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.serverVersion = serverVersion
        self.apiVersion = apiVersion
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.liveRestore = liveRestore
        self.systemTime = systemTime
    }
}

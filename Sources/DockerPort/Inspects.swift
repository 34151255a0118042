import Primitives

/// What ``DockerClient/run(_:)`` answers.
package struct RunResult: Sendable, Equatable {
    /// Full id of the container.
    package var containerID: String
    /// Stable URL of the engine in the container.
    package var engineEndpoint: String
    /// When the container started, on the Engine's clock.
    package var startedAt: Timestamp

    package init(containerID: String, engineEndpoint: String, startedAt: Timestamp) {
        self.containerID = containerID
        self.engineEndpoint = engineEndpoint
        self.startedAt = startedAt
    }
}

/// How a stop went.
package struct StopOutcome: Sendable, Equatable {
    /// Whether the container did not end on SIGTERM and was killed.
    package var forced: Bool
    /// Whether it had ended, or had never run, before the stop.
    package var alreadyStopped: Bool

    package init(forced: Bool = false, alreadyStopped: Bool = false) {
        self.forced = forced
        self.alreadyStopped = alreadyStopped
    }
}

/// What is read of `GET /images/{name}/json`.
package struct ImageInspect: Sendable, Equatable {
    /// The reference that was asked for.
    package var ref: String
    /// The image's id, `sha256:…`.
    package var id: String
    /// Labels of the image, such as `com.galaxy.cpu_quota`.
    package var labels: LabelMap
    /// Whether the image declares a HEALTHCHECK.
    package var hasHealthcheck: Bool
    /// The HEALTHCHECK that a container of the image gets in place of the image's own, whose intervals are too short;
    /// nil: the image's own.
    package var slowedHealthcheck: Healthcheck?

    package init(
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
package struct ContainerInspect: Sendable, Equatable {
    /// Full id.
    package var id: String
    /// Name, without the leading slash.
    package var name: String
    /// Image reference that the container was made from.
    package var imageRef: String
    /// Id of that image, `sha256:…`.
    package var imageID: String
    /// Hostname.
    package var hostname: String
    /// Labels given at create time, the image's own among them.
    package var labels: LabelMap
    /// Docker's `State.Status`, verbatim: `created` `running` `paused` `restarting` `removing` `exited` `dead`.
    package var status: String
    /// Docker's `State.Health.Status`, verbatim; empty where there is no HEALTHCHECK.
    package var health: String
    /// How often Docker has restarted it.
    package var restartCount: Int
    /// When it was made.
    package var createdAt: Timestamp?
    /// When it started last; nil where it never did.
    package var startedAt: Timestamp?
    /// When it ended last; nil where it never did. Kept from the run before while it runs again.
    package var finishedAt: Timestamp?
    /// Exit code; 0 while it runs.
    package var exitCode: Int
    /// Whether the kernel killed a process of it for want of memory.
    package var oomKilled: Bool
    /// Bind mounts.
    package var mounts: [BindMount]
    /// Address of the container on each network that it is attached to, by the network's name.
    package var addresses: [String: String]

    package init(
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
    package var isRunning: Bool { hasProcess || status == "restarting" }

    /// Whether a process of it lives. None does while the Engine waits to start it again.
    package var hasProcess: Bool { status == "running" || status == "paused" }

    /// How the process ended, in words: `the process ended with exit code 137, out of memory`.
    package var endedSentence: String {
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
package struct ContainerSummary: Sendable, Equatable {
    /// Full id.
    package var id: String
    /// Name, without the leading slash.
    package var name: String
    /// Image reference.
    package var imageRef: String
    /// Hostname.
    package var hostname: String
    /// Labels.
    package var labels: LabelMap
    /// The list's `State`, verbatim, which has the words of `State.Status`.
    package var status: String
    /// Result of the health check as the list's prose tells it, `healthy` or `unhealthy`; empty where it tells
    /// none. A reason to look, no more.
    package var health: String
    /// When it started last; nil where it never did.
    package var startedAt: Timestamp?

    package init(
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
    package var isRunning: Bool { hasProcess || status == "restarting" }

    /// As ``ContainerInspect/hasProcess``.
    package var hasProcess: Bool { status == "running" || status == "paused" }
}

/// Which containers ``DockerClient/list(_:)`` answers.
package struct ListFilter: Sendable, Equatable {
    /// Labels that must all be there, with these values; empty: every container.
    package var labels: LabelMap
    /// Whether each row is completed by an inspect. Without, one call answers for thousands of containers, and
    /// hostname and start stay empty.
    package var inspectsRows: Bool

    package init(labels: LabelMap = [:], inspectsRows: Bool = true) {
        self.labels = labels
        self.inspectsRows = inspectsRows
    }
}

/// What is read of `GET /info`.
package struct EngineInfo: Sendable, Equatable {
    /// The Engine's own id, which stays over restarts.
    package var id: String
    /// Hostname of the Engine's machine.
    package var name: String
    /// Version of the Engine.
    package var serverVersion: String
    /// API version that is spoken with it, as negotiated.
    package var apiVersion: String
    /// CPUs of the machine.
    package var cpus: Int
    /// Bytes of memory of the machine.
    package var memoryBytes: Int64
    /// Whether containers outlive an end of the Engine.
    package var liveRestore: Bool
    /// The clock of the Engine's machine as it answered; nil where it does not tell.
    package var systemTime: Timestamp?

    package init(
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

import Primitives

/// A step of a container's lifecycle, as published on `{ns}:events`.
package struct LifecycleEvent: Sendable, Equatable {
    package var kind: LifecycleKind
    /// Docker's action, verbatim; nil if the leader found the step by inspecting the container.
    package var action: String?
    package var containerID: ContainerID
    package var containerName: String
    package var gameID: GameID
    /// The id of the job that started the container.
    package var jobID: JobID
    package var image: String
    /// The exit code of an `exited` event, as reported by `inspect`.
    package var exitCode: Int?
    package var oomKilled: Bool?
    package var reason: ExitReason?
    /// The start time. All three times are of the Docker Engine's clock.
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var occurredAt: Timestamp
    /// For `oom`, `healthy` and `unhealthy`: the number of merged Docker events, 1 or more.
    package var count: Int?
    package var labels: LabelMap

    package init(
        kind: LifecycleKind,
        action: String?,
        containerID: ContainerID,
        containerName: String,
        gameID: GameID,
        jobID: JobID,
        image: String,
        exitCode: Int? = nil,
        oomKilled: Bool? = nil,
        reason: ExitReason? = nil,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        occurredAt: Timestamp,
        count: Int? = nil,
        labels: LabelMap
    ) {
        self.kind = kind
        self.action = action
        self.containerID = containerID
        self.containerName = containerName
        self.gameID = gameID
        self.jobID = jobID
        self.image = image
        self.exitCode = exitCode
        self.oomKilled = oomKilled
        self.reason = reason
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.occurredAt = occurredAt
        self.count = count
        self.labels = labels
    }

    /// The fields of the entry. The publishing script adds `node` and `epoch`.
    package var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = [("v", "1"), ("event", kind.rawValue)]
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { fields.append((name, value)) }
        }
        add("action", action)
        add("source", action == nil ? "reconcile" : "docker")
        add("container_id", containerID.text)
        add("container_name", containerName)
        add("game_id", gameID.text)
        add("job_id", jobID.text)
        add("image", image)
        add("exit_code", exitCode.map(String.init))
        add("oom_killed", oomKilled.map { $0 ? "true" : "false" })
        add("reason", reason?.rawValue)
        add("started_at", startedAt?.rfc3339)
        add("finished_at", finishedAt?.rfc3339)
        add("occurred_at", occurredAt.rfc3339)
        add("count", count.map(String.init))
        add("labels", labels.json)
        return fields
    }
}

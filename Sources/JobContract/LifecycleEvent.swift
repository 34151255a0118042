import Primitives

/// One step of a container's story, as `{ns}:events` has it.
package struct LifecycleEvent: Sendable, Equatable {
    package var kind: LifecycleKind
    /// Docker's own action, verbatim; nil where the listener found the step by looking.
    package var action: String?
    package var containerID: String
    package var containerName: String
    package var gameID: String
    /// Id of the job that started the container.
    package var jobID: String
    package var image: String
    /// For `exited`, as `inspect` has them.
    package var exitCode: Int?
    package var oomKilled: Bool?
    package var reason: ExitReason?
    /// The Engine's clock, as are the next two.
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var occurredAt: Timestamp
    /// For `oom`, `healthy` and `unhealthy`: how many of Docker's events it stands for, 1 or more.
    package var count: Int?
    package var labels: LabelMap

    package init(
        kind: LifecycleKind,
        action: String?,
        containerID: String,
        containerName: String,
        gameID: String,
        jobID: String,
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

    /// Fields of the entry but `node` and `epoch`, which the publishing script adds.
    package var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = [("v", "1"), ("event", kind.rawValue)]
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { fields.append((name, value)) }
        }
        add("action", action)
        add("source", action == nil ? "reconcile" : "docker")
        add("container_id", containerID)
        add("container_name", containerName)
        add("game_id", gameID)
        add("job_id", jobID)
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

/// Writes the few JSON texts that messages need, with sorted names so that equal values give equal text.
package enum JSONText {
    /// An object of strings.
    package static func object(_ strings: [String: String]) -> String { LabelMap(strings).json }

    /// The strings of an object of strings; nil where `text` is none.
    package static func strings(_ text: String) -> LabelMap? {
        guard case .object(let members)? = try? StrictJSON.parse(Array(text.utf8)) else { return nil }
        var strings: [LabelMap.Element] = []
        for member in members {
            guard case .string(let value) = member.value else { return nil }
            strings.append((key: member.name, value: value))
        }
        return LabelMap(strings)
    }

    /// An array of strings.
    package static func array(_ strings: [String]) -> String {
        "[" + strings.map(string).joined(separator: ",") + "]"
    }

    /// A string in quotation marks, escaped.
    package static func string(_ text: String) -> String { quotedJSON(text) }
}

import DockerPort
import Primitives

extension EventLine {
    /// The attributes that Docker or Podman adds to the events of a container. All other attributes are labels.
    private static let ownAttributes: Set<String> = [
        "image", "name", "exitCode", "signal", "execID", "execDuration", "containerExitCode", "podId",
    ]

    /// The event in the port's form; nil if the line is no event of a container's life.
    var event: DockerEvent? {
        guard let action, let id = actor?.id, !id.isEmpty, (type ?? "container") == "container" else { return nil }
        // Docker puts the whole command of each health check into these events.
        guard !action.hasPrefix("exec_") else { return nil }
        let attributes = labels ?? [:]
        let exitCode = attributes["exitCode"].flatMap { Int($0) }
        return DockerEvent(
            type: type ?? "container",
            // Podman's name for `destroy`.
            action: action == "remove" ? "destroy" : action,
            containerID: ContainerID(id),
            name: attributes["name"] ?? "",
            image: attributes["image"] ?? "",
            labels: attributes.filter { !Self.ownAttributes.contains($0.key) },
            exitCode: exitCode ?? 0,
            hasExitCode: exitCode != nil,
            occurredAt: occurredAt
        )
    }

    private var occurredAt: Timestamp {
        if let timeNano, timeNano != 0 { return Timestamp(nanosecondsSinceEpoch: timeNano) }
        return Timestamp(seconds: time ?? 0)
    }
}

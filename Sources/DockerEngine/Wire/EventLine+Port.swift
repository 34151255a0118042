import DockerPort
import Primitives

extension EventLine {
    /// What Docker, or Podman, itself puts among the attributes of a container's events; the others are its labels.
    private static let ownAttributes: Set<String> = [
        "image", "name", "exitCode", "signal", "execID", "execDuration", "containerExitCode", "podId",
    ]

    /// The same in the port's words; nil where it is no event of a container's life.
    var event: DockerEvent? {
        guard let action, let id = actor?.id, !id.isEmpty, (type ?? "container") == "container" else { return nil }
        // Docker puts the whole command of a health check's every run into these.
        guard !action.hasPrefix("exec_") else { return nil }
        let attributes = labels ?? [:]
        let exitCode = attributes["exitCode"].flatMap { Int($0) }
        return DockerEvent(
            type: type ?? "container",
            // Podman's word for it.
            action: action == "remove" ? "destroy" : action,
            containerID: id,
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

import Primitives

/// An entry of Docker's event stream, `GET /events`.
///
/// Events are hints: events can be lost or arrive slightly out of order, and a container's labels can forge their
/// attributes. Only ``DockerClient/inspectContainer(_:)`` returns facts.
package struct DockerEvent: Sendable, Equatable {
    /// The kind of object. Always `container`, unless the subscription includes other kinds.
    package var type: String
    /// Docker's action, verbatim: `start`, `die`, `oom`, `destroy`, `health_status: healthy`.
    package var action: String
    /// Full id of the container.
    package var containerID: ContainerID
    /// Name of the container, according to the attributes of the event.
    package var name: String
    /// Image of the container, according to the attributes of the event.
    package var image: String
    /// The labels of the container: all attributes of the event except Docker's own.
    package var labels: LabelMap
    /// Exit code according to the attributes; 0 without such an attribute.
    package var exitCode: Int
    /// Whether the attributes had an exit code.
    package var hasExitCode: Bool
    /// The time of the event on the Docker Engine's clock.
    package var occurredAt: Timestamp

    package init(
        type: String = "container",
        action: String,
        containerID: ContainerID,
        name: String = "",
        image: String = "",
        labels: LabelMap = [:],
        exitCode: Int = 0,
        hasExitCode: Bool = false,
        occurredAt: Timestamp
    ) {
        self.type = type
        self.action = action
        self.containerID = containerID
        self.name = name
        self.image = image
        self.labels = labels
        self.exitCode = exitCode
        self.hasExitCode = hasExitCode
        self.occurredAt = occurredAt
    }
}

import Primitives

/// One entry of Docker's event stream, `GET /events`.
///
/// Events are hints: they can be lost, come slightly out of order, and their attributes can be forged by
/// labels. What is true says ``DockerClient/inspectContainer(_:)``.
package struct DockerEvent: Sendable, Equatable {
    /// Kind of object: `container`, where nothing else was subscribed to.
    package var type: String
    /// Docker's action, verbatim: `start`, `die`, `oom`, `destroy`, `health_status: healthy`.
    package var action: String
    /// Full id of the container.
    package var containerID: String
    /// Name of the container, as the event's attributes claim it.
    package var name: String
    /// Image of the container, as the event's attributes claim it.
    package var image: String
    /// The event's attributes without those that Docker itself adds: the container's labels.
    package var labels: LabelMap
    /// Exit code that the attributes claim; 0 where there is none.
    package var exitCode: Int
    /// Whether the attributes had an exit code.
    package var hasExitCode: Bool
    /// When it happened, on the Engine's clock.
    package var occurredAt: Timestamp

    package init(
        type: String = "container",
        action: String,
        containerID: String,
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

import DockerPort

/// The container of a job's game, as found on the Docker Engine.
package enum FoundContainer: Sendable, Equatable {
    case none
    case owned(OwnedContainer)
    /// The game has no container, but a container of somebody else has the game's container name.
    case foreign(ContainerInspect)
}

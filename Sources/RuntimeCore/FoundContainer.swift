import DockerPort

/// The container of a job's game, as a look at the Engine found it.
package enum FoundContainer: Sendable, Equatable {
    case none
    case owned(OwnedContainer)
    /// The game has no container, and its name is taken by one that is not the game's.
    case foreign(ContainerInspect)
}

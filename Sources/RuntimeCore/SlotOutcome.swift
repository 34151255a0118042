import JobContract

/// The effect of a job's end on the node of the job.
package struct SlotOutcome: Sendable, Equatable {
    /// The effect on the node's ownership of the game.
    package enum Owner: String, Sendable {
        case keep
        /// The node no longer owns the game.
        case clear
        /// The node no longer owns the game if this job created the ownership, because the job left nothing behind.
        case undo
    }

    package var owner: Owner
    /// Whether the game's node reservation is free again.
    package var freesReservation: Bool

    /// Derives the effect from the job's kind and ending.
    ///
    /// - Parameter stillRuns: For a start or restart without effect: whether a container of the game runs, or may run.
    ///   A foreign container with the game's container name does not count, because the game is not on this node.
    package init(kind: JobKind, ending: JobEnding, stillRuns: Bool = false) {
        switch ending.effect {
        case .started, .alreadyRunning:
            (owner, freesReservation) = (.keep, false)
        case .stopped, .alreadyStopped:
            (owner, freesReservation) = (.keep, true)
        case .removed, .alreadyAbsent:
            // After a stop without a container, the node's disk may still hold the game's state.
            (owner, freesReservation) = (kind == .remove ? .clear : .keep, true)
        case .none:
            let isStart = kind.startsGame
            // A process that ended at once left its container.
            let leftNothing = ending.containerID == nil && !stillRuns
            (owner, freesReservation) = (isStart && leftNothing ? .undo : .keep, isStart && !stillRuns)
        }
    }
}

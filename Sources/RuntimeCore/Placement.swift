import JobContract

/// What the end of a job means for the node on which it ran.
package struct Placement: Sendable, Equatable {
    /// What becomes of the node's ownership of the game.
    package enum Owner: String, Sendable {
        case keep
        /// The node owns the game no longer.
        case clear
        /// The node owns the game no longer where this job made it the owner: it left nothing behind.
        case undo
    }

    package var owner: Owner
    /// Whether the game's place on the node is free again.
    package var freesPlace: Bool

    /// Of a job of kind `kind` that ended so.
    ///
    /// - Parameter stillRuns: of a start or restart without effect: whether a container of the game runs, or may run. A
    ///   container of somebody else that has its name is none: the game is not on this node.
    package init(kind: JobKind, ending: JobEnding, stillRuns: Bool = false) {
        switch ending.effect {
        case .started, .alreadyRunning:
            (owner, freesPlace) = (.keep, false)
        case .stopped, .alreadyStopped:
            (owner, freesPlace) = (.keep, true)
        case .removed, .alreadyAbsent:
            // After a stop of nothing the game's state may still lie on the node's disk.
            (owner, freesPlace) = (kind == .remove ? .clear : .keep, true)
        case .none:
            let isStart = kind.startsGame
            // A process that ended at once left its container.
            let leftNothing = ending.containerID == nil && !stillRuns
            (owner, freesPlace) = (isStart && leftNothing ? .undo : .keep, isStart && !stillRuns)
        }
    }
}

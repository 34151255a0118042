import Primitives

/// The rule for keeping ended containers for their logs.
///
/// The next start or remove of a game removes the game's ended container. Ended containers of other games would stay
/// forever, so a node keeps a limited number.
package enum KeptContainers {
    /// A container that has ended.
    package struct Ended: Sendable, Equatable {
        package var containerID: ContainerID
        /// The end of the process, or nil if the process never ran or the time is unknown.
        package var endedAt: Timestamp?

        package init(containerID: ContainerID, endedAt: Timestamp?) {
            self.containerID = containerID
            self.endedAt = endedAt
        }
    }

    /// Returns the ids of the containers to remove, the oldest first.
    ///
    /// - Parameter most: The number of containers to keep.
    package static func surplus(of containers: [Ended], keeping most: Int) -> [ContainerID] {
        guard containers.count > most else { return [] }
        let oldest = containers.sorted { first, second in
            guard let one = first.endedAt, let two = second.endedAt, one != two else {
                if (first.endedAt == nil) != (second.endedAt == nil) { return first.endedAt == nil }
                return first.containerID < second.containerID
            }
            return one < two
        }
        return oldest.prefix(containers.count - most).map(\.containerID)
    }
}

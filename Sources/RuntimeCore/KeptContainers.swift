import Primitives

/// Which of the containers that have ended are kept for their logs. The next start or remove of a game removes its own; the
/// others would stay for good, so a node keeps a bounded number.
package enum KeptContainers {
    /// A container that has ended.
    package struct Ended: Sendable, Equatable {
        package var containerID: String
        /// When its process ended; nil: it never ran, or the Engine does not say.
        package var endedAt: Timestamp?

        package init(containerID: String, endedAt: Timestamp?) {
            self.containerID = containerID
            self.endedAt = endedAt
        }
    }

    /// Returns the containers that go, the oldest first.
    ///
    /// - Parameter most: how many are kept.
    package static func surplus(of containers: [Ended], keeping most: Int) -> [String] {
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

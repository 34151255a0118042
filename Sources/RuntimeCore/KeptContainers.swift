import Primitives

public import Primitives

/// Which of the containers that have ended are kept for their logs. The next start or remove of a game removes its own; the
/// others would stay for good, so a node keeps a bounded number.
public enum KeptContainers {
    /// A container that has ended.
    public struct Ended: Sendable, Equatable {
        public var containerID: String
        /// When its process ended; nil: it never ran, or the Engine does not say.
        public var endedAt: Timestamp?

        public init(containerID: String, endedAt: Timestamp?) {
            self.containerID = containerID
            self.endedAt = endedAt
        }
    }

    /// Returns the containers that go, the oldest first.
    ///
    /// - Parameter most: how many are kept.
    public static func surplus(of containers: [Ended], keeping most: Int) -> [String] {
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

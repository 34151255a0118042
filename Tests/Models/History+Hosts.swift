import JobContract
import Primitives

extension History {
    /// What was seen of several hosts from outside of their workers.
    struct Hosts: Sendable, Equatable {
        var runs: [Run] = []
        var losses: [Loss] = []
        /// When a node had a worker, an Engine and a way to Redis again; the first at the begin.
        var contacts: [NodeID: [Timestamp]] = [:]
        var reservations: [Reservations] = []
    }

    /// A container whose process was seen. It has run for at least this time.
    struct Run: Sendable, Equatable {
        var containerID: ContainerID
        var game: GameID
        var node: NodeID
        /// The memory limit, in bytes.
        var memory: Int64 = 0
        var from: Timestamp
        var to: Timestamp
    }

    /// The loss of a node, as Redis had it.
    struct Loss: Sendable, Equatable {
        var node: NodeID
        var from: Timestamp
        /// The last time at which it was seen.
        var seen: Timestamp
        /// The first time at which it had ended; nil: it has not ended.
        var until: Timestamp?

        /// Whether the node may have been lost then.
        func mayHave(_ time: Timestamp) -> Bool { from <= time && until.map { time <= $0 } ?? true }
    }

    /// What is promised to one game.
    struct Promise: Sendable, Equatable {
        /// In bytes.
        var memory: Int64
        /// nil: the container has not been made yet.
        var containerID: ContainerID?
    }

    /// What was promised on a node at one time, and what it has.
    struct Reservations: Sendable, Equatable {
        var node: NodeID
        var at: Timestamp
        var promises: [Promise]
        /// The sum that Redis keeps.
        var used: Int64
        /// 0: not counted.
        var slots: Int
        /// 0: not counted.
        var capacity: Int64
    }
}

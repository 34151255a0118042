import Primitives

/// The CPU and the memory of a game's container: what a reservation on a node holds.
package struct Demand: Sendable, Equatable {
    /// Thousandths of a CPU.
    package var cpu: Int64
    /// Bytes of memory.
    package var memory: Int64

    package init(cpu: Int64, memory: Int64) {
        self.cpu = cpu
        self.memory = memory
    }

    /// Creates the demand of limits.
    ///
    /// - Parameters:
    ///   - cpus: A number of CPUs.
    ///   - memory: An amount as in a job; an amount that cannot be read counts as 0.
    package init(cpus: Double, memory: String) {
        self.init(cpu: Self.thousandths(cpus), memory: MemorySize(memory)?.bytes ?? 0)
    }

    /// Parses ``text``; nil for any other text.
    package init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, let cpu = DecimalNumber.integer(String(parts[0])),
            let memory = DecimalNumber.integer(String(parts[1])), cpu >= 0, memory >= 0
        else { return nil }
        self.init(cpu: Int64(cpu), memory: Int64(memory))
    }

    /// The form in Redis: `1000 536870912`.
    package var text: String { "\(cpu) \(memory)" }

    /// Returns a number of CPUs in thousandths. Rounded to hundredths of a CPU, as for a container.
    package static func thousandths(_ cpus: Double) -> Int64 {
        Int64(max(0, min((cpus * 100).rounded(), 1e9))) * 10
    }
}

/// What a game holds on its node.
package struct NodeReservation: Sendable, Equatable {
    package var demand: Demand
    /// The container of the game; nil before its start.
    package var containerID: ContainerID?
    /// The port of the host; nil if the node has no range of ports.
    package var port: Int?

    package init(demand: Demand, containerID: ContainerID? = nil, port: Int? = nil) {
        self.demand = demand
        self.containerID = containerID
        self.port = port
    }

    /// Parses a reservation as Redis keeps it: CPU, memory, container or `-`, and perhaps a port. Nil for any other text.
    package init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard (3...4).contains(parts.count), let demand = Demand(parts[0] + " " + parts[1]) else { return nil }
        self.init(
            demand: demand,
            containerID: parts[2] == "-" ? nil : ContainerID(parts[2]),
            port: parts.count == 4 ? DecimalNumber.integer(parts[3]) : nil
        )
    }
}

/// The running container of a game, and its limits.
package struct RunningGame: Sendable, Equatable {
    package var containerID: ContainerID
    package var demand: Demand
    /// The published port of the game engine; nil if no port is published.
    package var port: Int?

    package init(containerID: ContainerID, demand: Demand, port: Int? = nil) {
        self.containerID = containerID
        self.demand = demand
        self.port = port
    }
}

/// The capacity of a node for games. A value of 0 is not counted.
package struct NodeCapacity: Sendable, Equatable {
    /// The number of games.
    package var slots: Int
    /// Thousandths of a CPU.
    package var cpu: Int64
    /// Bytes of memory.
    package var memory: Int64
    /// The ports that the node may publish, one for each game; nil: any port, or none.
    package var ports: ClosedRange<Int>?

    package init(slots: Int = 0, cpu: Int64 = 0, memory: Int64 = 0, ports: ClosedRange<Int>? = nil) {
        self.slots = slots
        self.cpu = cpu
        self.memory = memory
        self.ports = ports
    }
}

/// The node to choose for a start that any node may run.
package enum Placement: String, Sendable, CaseIterable {
    /// The node with the lowest load.
    case spread
    /// The node with the highest load that has capacity for the game.
    case pack
}

import JobContract
import QueueAdmin

/// The capacity of a node in words, as `5 of 8` or `3.5g of 21g`. Amounts of memory have the units of the settings.
package enum CapacityText {
    package static func games(_ node: NodeOverview) -> String {
        of("\(node.games)", node.capacity.slots > 0 ? "\(node.capacity.slots)" : nil)
    }

    package static func cpus(_ node: NodeOverview) -> String {
        of(cpus(node.used.cpu), node.capacity.cpu > 0 ? cpus(node.capacity.cpu) : nil)
    }

    package static func memory(_ node: NodeOverview) -> String {
        of(memory(node.used.memory), node.capacity.memory > 0 ? memory(node.capacity.memory) : nil)
    }

    /// Returns thousandths of a CPU as a number of CPUs: `2`, `0.5`.
    static func cpus(_ thousandths: Int64) -> String {
        let hundredths = thousandths / 10
        guard hundredths % 100 != 0 else { return "\(hundredths / 100)" }
        let rest = hundredths % 100
        return "\(hundredths / 100)." + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
    }

    /// Returns bytes as `512m` or `3.5g`, rounded down.
    static func memory(_ bytes: Int64) -> String {
        guard bytes >= 1 << 30 else { return bytes == 0 ? "0" : "\(bytes >> 20)m" }
        let tenths = bytes / ((1 << 30) / 10)
        return tenths % 10 == 0 ? "\(tenths / 10)g" : "\(tenths / 10).\(tenths % 10)g"
    }

    private static func of(_ used: String, _ capacity: String?) -> String {
        capacity.map { "\(used) of \($0)" } ?? used
    }

    /// Returns what a node lacks for a start, as `8 of 8 slots`; nil if the start fits.
    ///
    /// - Parameter held: The reservation of the game on the node, which the start may use.
    package static func missing(for demand: Demand, on node: NodeOverview, held: Demand? = nil) -> String? {
        let (capacity, own) = (node.capacity, held ?? Demand(cpu: 0, memory: 0))
        let used = Demand(cpu: node.used.cpu - own.cpu, memory: node.used.memory - own.memory)
        if capacity.slots > 0, node.games >= capacity.slots, held == nil {
            return "\(node.games) of \(capacity.slots) slots"
        }
        if let ports = capacity.ports, node.usedPorts >= ports.count, held == nil {
            return "\(node.usedPorts) of \(ports.count) ports"
        }
        if capacity.memory > 0, demand.memory > own.memory, used.memory + demand.memory > capacity.memory {
            return "\(memory(node)) of memory, and the game needs \(memory(demand.memory))"
        }
        if capacity.cpu > 0, demand.cpu > own.cpu, used.cpu + demand.cpu > capacity.cpu {
            return "\(cpus(node)) CPUs, and the game needs \(cpus(demand.cpu))"
        }
        return nil
    }
}

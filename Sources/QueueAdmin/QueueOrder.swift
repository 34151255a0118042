/// The order in which workers read queues: the queue with the highest priority first.
package struct QueueOrder: Sendable, Equatable {
    /// The queues of living workers.
    package private(set) var names: [String] = []
    /// Whether two workers read two queues in different orders.
    package private(set) var differs = false

    /// Merges the orders of workers. The order of the most workers counts most.
    ///
    /// - Parameter lists: The queues of each worker, in its order.
    package init(_ lists: [[String]]) {
        let counts = lists.reduce(into: [[String]: Int]()) { $0[$1, default: 0] += 1 }
        let ranked = counts.sorted { left, right in
            left.value != right.value ? left.value > right.value : left.key.lexicographicallyPrecedes(right.key)
        }
        var open: [String] = []
        var before: [String: Set<String>] = [:]
        for (list, _) in ranked {
            for (index, name) in list.enumerated() {
                if before.updateValue(before[name] ?? [], forKey: name) == nil { open.append(name) }
                if index > 0 { before[name]?.insert(list[index - 1]) }
            }
        }
        while !open.isEmpty {
            let free = open.firstIndex { before[$0, default: []].isDisjoint(with: open) }
            // Each of these queues comes before another of them: workers disagree.
            if free == nil { differs = true }
            names.append(open.remove(at: free ?? 0))
        }
    }

    /// Returns queues in this order. Queues without a worker come last, by name.
    package func sorted<Queue>(_ queues: [Queue], by name: (Queue) -> String) -> [Queue] {
        let ranks = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        return queues.sorted { left, right in
            let (left, right) = (name(left), name(right))
            return (ranks[left] ?? .max, left) < (ranks[right] ?? .max, right)
        }
    }
}

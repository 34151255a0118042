import Synchronization

/// A bounded channel between two tasks. Elements keep their order. A sender waits while the channel is full.
final class BoundedChannel<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    private let capacity: Int
    private let filled = WakeSignal()
    private let emptied = WakeSignal()

    init(capacity: Int) { self.capacity = capacity }

    /// Waits for space, then sends all elements together. An empty channel accepts any number of elements. Sends
    /// nothing if the task is cancelled.
    func give(_ more: [Element]) async {
        while !Task.isCancelled {
            let fits = elements.withLock { elements in
                guard elements.isEmpty || elements.count + more.count <= capacity else { return false }
                elements += more
                return true
            }
            if fits { return filled.raise() }
            await emptied.wait()
        }
    }

    /// Returns up to `most` elements. Waits for the first element for at most `limit`.
    func take(most: Int, within limit: Duration?) async -> [Element] {
        if let some = takeNow(most) { return some }
        if let limit { await filled.wait(atMost: limit) } else { await filled.wait() }
        return takeNow(most) ?? []
    }

    private func takeNow(_ most: Int) -> [Element]? {
        let some = elements.withLock { elements -> [Element] in
            let some = Array(elements.prefix(most))
            elements.removeFirst(some.count)
            return some
        }
        guard !some.isEmpty else { return nil }
        emptied.raise()
        return some
    }
}

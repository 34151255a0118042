/// The connections that the server holds, and which one it gives up for a new one.
///
/// A silent connection costs a descriptor, and a worker that has none left reaches neither Redis nor the Engine. So the
/// number is bounded, and a newcomer takes the place of whoever has been silent for the longest time: a health check is
/// answered whatever else is connected.
struct ConnectionTable: Equatable {
    typealias Instant = ContinuousClock.Instant

    private struct Connection: Equatable {
        var id: Int
        /// Whether a request is being answered.
        var isBusy = false
        /// When it became busy or silent.
        var since: Instant
    }

    /// Most connections at once.
    let limit: Int
    /// How long an answer may take before its connection may be given up for a newcomer.
    let patience: Duration
    /// Those that have been as they are for the longest time come first.
    private var connections: [Connection] = []

    init(limit: Int, patience: Duration) {
        self.limit = limit
        self.patience = patience
    }

    var count: Int { connections.count }

    /// Takes a new connection in, or not. Returns the id of the connection to close for it, which is its own where all
    /// others are being answered; nil: none.
    mutating func opened(_ id: Int, now: Instant) -> Int? {
        guard connections.count >= limit else {
            connections.append(Connection(id: id, since: now))
            return nil
        }
        let silent = connections.firstIndex { !$0.isBusy }
        guard let victim = silent ?? connections.firstIndex(where: { $0.since.advanced(by: patience) <= now }) else {
            return id
        }
        connections.append(Connection(id: id, since: now))
        return connections.remove(at: victim).id
    }

    /// A request has begun.
    mutating func began(_ id: Int, now: Instant) { change(id, isBusy: true, now) }

    /// A request has been answered.
    mutating func answered(_ id: Int, now: Instant) { change(id, isBusy: false, now) }

    mutating func closed(_ id: Int) { connections.removeAll { $0.id == id } }

    private mutating func change(_ id: Int, isBusy: Bool, _ now: Instant) {
        guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
        connections.remove(at: index)
        connections.append(Connection(id: id, isBusy: isBusy, since: now))
    }
}

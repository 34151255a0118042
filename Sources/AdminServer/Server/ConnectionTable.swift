/// The connections of the server, with the choice of the connection to close for a new connection.
///
/// A silent connection costs a file descriptor. A worker without free descriptors reaches neither Redis nor the Docker
/// Engine. The table therefore bounds the number of connections. In a full table, a new connection replaces the
/// connection with the longest silence. A health check thus gets its answer, regardless of other connections.
struct ConnectionTable: Equatable {
    typealias Instant = ContinuousClock.Instant

    private struct Connection: Equatable {
        var id: Int
        /// Whether the server is answering a request.
        var isBusy = false
        /// Whether the response is a stream, which lasts as long as its viewer wants.
        var isStream = false
        /// The time at which the connection became busy or silent.
        var since: Instant
    }

    /// The largest number of simultaneous connections.
    let limit: Int
    /// The time for a response. After this time, the server may close the busy connection for a new connection.
    let patience: Duration
    /// The connections, ordered by their last change of state, the oldest first.
    private var connections: [Connection] = []

    init(limit: Int, patience: Duration) {
        self.limit = limit
        self.patience = patience
    }

    var count: Int { connections.count }

    /// Adds a new connection.
    ///
    /// - Returns: The id of the connection to close, or nil. If all others are busy and not yet slow, the id is the new
    ///   connection's own.
    mutating func opened(_ id: Int, now: Instant) -> Int? {
        guard connections.count >= limit else {
            connections.append(Connection(id: id, since: now))
            return nil
        }
        let silent = connections.firstIndex { !$0.isBusy }
        let slow = connections.firstIndex { !$0.isStream && $0.since.advanced(by: patience) <= now }
        guard let victim = silent ?? slow else { return id }
        connections.append(Connection(id: id, since: now))
        return connections.remove(at: victim).id
    }

    /// Records the beginning of a request.
    ///
    /// - Parameter isStream: whether the response is a stream. The server bounds the number of streams.
    mutating func began(_ id: Int, isStream: Bool = false, now: Instant) {
        change(id, isBusy: true, isStream: isStream, now)
    }

    /// Records the end of a response.
    mutating func answered(_ id: Int, now: Instant) { change(id, isBusy: false, now) }

    mutating func closed(_ id: Int) { connections.removeAll { $0.id == id } }

    private mutating func change(_ id: Int, isBusy: Bool, isStream: Bool = false, _ now: Instant) {
        guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
        connections.remove(at: index)
        connections.append(Connection(id: id, isBusy: isBusy, isStream: isStream, since: now))
    }
}

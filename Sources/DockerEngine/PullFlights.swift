/// Which pulls are under way and who waits for them: one pull per reference, however many want it.
struct PullFlights: Equatable {
    /// One pull.
    private struct Flight: Equatable {
        var id: Int
        var waiters: [Int]
    }

    /// What is to be done for one who joins.
    enum Join: Equatable {
        /// Begin this pull; the one who joined waits for it.
        case begin(flight: Int)
        /// It is under way already.
        case wait(flight: Int)
    }

    /// What is to be done for one who leaves.
    enum Leave: Equatable {
        /// It did not wait any more.
        case nothing
        /// Others wait on.
        case release
        /// Nobody waits any more: end this pull.
        case releaseAndCancel(flight: Int)
    }

    private var flights: [String: Flight] = [:]
    private var nextFlight = 0

    init() {}

    /// Whether nothing is under way.
    var isEmpty: Bool { flights.isEmpty }

    /// `waiter`, a number used once, wants `reference`.
    mutating func join(_ waiter: Int, reference: String) -> Join {
        if let id = flights[reference]?.id {
            flights[reference]?.waiters.append(waiter)
            return .wait(flight: id)
        }
        nextFlight += 1
        flights[reference] = Flight(id: nextFlight, waiters: [waiter])
        return .begin(flight: nextFlight)
    }

    /// `waiter` waits no longer. A pull that nobody waits for is forgotten at once: who comes next begins anew.
    mutating func leave(_ waiter: Int, reference: String) -> Leave {
        guard let index = flights[reference]?.waiters.firstIndex(of: waiter) else { return .nothing }
        flights[reference]?.waiters.remove(at: index)
        guard let flight = flights[reference], flight.waiters.isEmpty else { return .release }
        flights[reference] = nil
        return .releaseAndCancel(flight: flight.id)
    }

    /// The pull ended; answers who waited for it, in the order in which they came.
    mutating func ended(flight: Int, reference: String) -> [Int] {
        guard let current = flights[reference], current.id == flight else { return [] }
        flights[reference] = nil
        return current.waiters
    }

    /// Who waits for the pull now.
    func waiters(flight: Int, reference: String) -> [Int] {
        guard let current = flights[reference], current.id == flight else { return [] }
        return current.waiters
    }
}

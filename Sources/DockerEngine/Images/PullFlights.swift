/// The running pulls and their waiting callers. Each reference has at most one pull, for any number of callers.
struct PullFlights: Equatable {
    /// A running pull.
    private struct Flight: Equatable {
        var id: Int
        var waiters: [Int]
    }

    /// The next step after a caller joins.
    enum Join: Equatable {
        /// Begin this pull. The new caller waits for the pull.
        case begin(flight: Int)
        /// Wait: the pull is already running.
        case wait(flight: Int)
    }

    /// The next step after a caller leaves.
    enum Leave: Equatable {
        /// Do nothing: the caller was no longer waiting.
        case nothing
        /// Release the caller. Other callers still wait.
        case release
        /// Release the caller and cancel the pull, because nobody waits any more.
        case releaseAndCancel(flight: Int)
    }

    private var flights: [String: Flight] = [:]
    private var nextFlight = 0

    init() {}

    /// Whether no pull is running.
    var isEmpty: Bool { flights.isEmpty }

    /// Adds a caller for `reference`. Use each `waiter` number once only.
    mutating func join(_ waiter: Int, reference: String) -> Join {
        if let id = flights[reference]?.id {
            flights[reference]?.waiters.append(waiter)
            return .wait(flight: id)
        }
        nextFlight += 1
        flights[reference] = Flight(id: nextFlight, waiters: [waiter])
        return .begin(flight: nextFlight)
    }

    /// Removes a caller. A pull without callers is forgotten at once, so the next caller begins a new pull.
    mutating func leave(_ waiter: Int, reference: String) -> Leave {
        guard let index = flights[reference]?.waiters.firstIndex(of: waiter) else { return .nothing }
        flights[reference]?.waiters.remove(at: index)
        guard let flight = flights[reference], flight.waiters.isEmpty else { return .release }
        flights[reference] = nil
        return .releaseAndCancel(flight: flight.id)
    }

    /// Removes the ended pull and returns its callers, in the order of arrival.
    mutating func ended(flight: Int, reference: String) -> [Int] {
        guard let current = flights[reference], current.id == flight else { return [] }
        flights[reference] = nil
        return current.waiters
    }

    /// Returns the callers of the pull.
    func waiters(flight: Int, reference: String) -> [Int] {
        guard let current = flights[reference], current.id == flight else { return [] }
        return current.waiters
    }
}

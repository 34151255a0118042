/// How many requests one connection may make. Whoever sends thousands of them at once, without reading an answer, would
/// keep the server from answering anybody else.
struct RequestBudget: Equatable {
    typealias Instant = ContinuousClock.Instant

    /// Requests that a connection may make at once.
    static let burst = 16.0
    /// Requests a second that it may make after that.
    static let rate = 4.0

    private var left = burst
    private var last: Instant

    init(now: Instant) { last = now }

    /// Takes one request off the budget. Returns false if nothing is left.
    mutating func take(now: Instant) -> Bool {
        let passed = last.duration(to: now)
        let seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
        left = min(Self.burst, left + seconds * Self.rate)
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}

/// How many requests one connection may make, and how large they may be.
///
/// A peer that sends thousands of requests without reading an answer, or a body without end, would keep the server from
/// answering anybody else.
struct RequestBudget: Equatable {
    typealias Instant = ContinuousClock.Instant

    /// Requests that a connection may make at once.
    static let burst = 16.0
    /// Requests a second that it may make after that.
    static let rate = 4.0

    /// Most bytes of a request's body: a login form has some hundred, and one that is too large gets an answer.
    static let bodyBytes = 65_536
    /// Most pieces of a body. Each piece costs the same, also a chunk of one byte.
    static let bodyPieces = 32

    private var left = burst
    private var bytes = 0
    private var pieces = 0
    private var last: Instant

    init(now: Instant) { last = now }

    /// Counts a piece of the current request's body. Returns false if the body is too large.
    mutating func takeBody(bytes count: Int) -> Bool {
        bytes += count
        pieces += 1
        return bytes <= Self.bodyBytes && pieces <= Self.bodyPieces
    }

    /// Takes one request off the budget. Returns false if nothing is left.
    mutating func take(now: Instant) -> Bool {
        let passed = last.duration(to: now)
        let seconds = Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18
        left = min(Self.burst, left + seconds * Self.rate)
        last = now
        guard left >= 1 else { return false }
        (bytes, pieces) = (0, 0)
        left -= 1
        return true
    }
}

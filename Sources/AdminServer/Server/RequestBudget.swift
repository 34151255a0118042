import Primitives

/// The number and size of the requests of a connection.
///
/// Without a budget, a single client could keep the server from answering other clients. Such a client would send
/// thousands of requests without reading a response, or an endless body.
struct RequestBudget: Equatable {
    typealias Instant = ContinuousClock.Instant

    /// The number of requests in a burst.
    static let burst = 16.0
    /// The number of further requests per second.
    static let rate = 4.0

    /// The largest size of a request's body, in bytes. A login form has some hundred bytes. A form above
    /// ``LoginForm/maximumBytes`` still gets a response.
    static let bodyBytes = 65_536
    /// The largest number of pieces in a body. Every piece has the same cost, even a chunk of a single byte.
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

    /// Takes a request off the budget. Returns false if nothing is left.
    mutating func take(now: Instant) -> Bool {
        left = min(Self.burst, left + last.duration(to: now).inSeconds * Self.rate)
        last = now
        guard left >= 1 else { return false }
        (bytes, pieces) = (0, 0)
        left -= 1
        return true
    }
}

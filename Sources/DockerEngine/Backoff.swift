/// Pauses between looks at something that takes its time: doubling, and over when the limit has passed.
struct Backoff {
    private let end: ContinuousClock.Instant
    private let begun: ContinuousClock.Instant
    private let shortest: Duration
    private let longest: Duration

    init(
        limit: Duration,
        shortest: Duration = .milliseconds(50),
        longest: Duration = .seconds(2),
        begun: ContinuousClock.Instant = .now
    ) {
        self.begun = begun
        self.shortest = shortest
        self.longest = longest
        end = begun.advanced(by: limit)
    }

    /// How long to wait now; nil where the limit has passed. As long as was waited already, so that the pauses
    /// double without a count of them.
    func pause(at now: ContinuousClock.Instant) -> Duration? {
        guard now < end else { return nil }
        return min(max(now - begun, shortest), longest, end - now)
    }
}

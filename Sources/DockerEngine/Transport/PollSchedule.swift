/// The pauses between checks of a slow operation. They double, and end at a time limit.
struct PollSchedule {
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

    /// Returns the pause at `now`; nil after the time limit.
    ///
    /// A pause is as long as the time that has passed, so the pauses double without a counter.
    func pause(at now: ContinuousClock.Instant) -> Duration? {
        guard now < end else { return nil }
        return min(max(now - begun, shortest), longest, end - now)
    }
}

extension RedisConfiguration {
    /// How long to wait before the next attempt to connect: exponential with full jitter, so that a fleet
    /// whose server came back does not return in step.
    public struct Backoff: Sendable, Equatable {
        /// The bound of the first delay.
        public var base: Duration
        /// The bound that no delay exceeds.
        public var cap: Duration

        /// Delays below `base` first, below `cap` at last.
        public init(base: Duration = .milliseconds(50), cap: Duration = .seconds(2)) {
            self.base = base
            self.cap = cap
        }

        /// The delay before the attempt after `attempt` failures in a row (0: the first), for a `random` of 0 to 1.
        public func delay(attempt: Int, random: Double) -> Duration {
            let doublings = min(max(attempt, 0), 30)
            return min(base * (1 << doublings), cap) * min(max(random, 0), 1)
        }
    }
}

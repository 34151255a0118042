import Primitives

/// The wait of a starting worker for Redis and the Docker Engine: growing pauses, and a log entry now and then.
///
/// After the boot of a machine, Redis, Docker and the worker start in any order.
struct StartPatience: Equatable {
    typealias Instant = ContinuousClock.Instant

    struct Step: Equatable {
        /// The pause before the next try.
        var pause: Duration
        /// Whether the worker logs the missing services.
        var isTold: Bool
    }

    /// Half of each pause is random.
    private static let backoff = Backoff(base: .milliseconds(250), cap: .seconds(5), jitter: 0.5)
    /// The shortest time between two log entries.
    static let silence = Duration.seconds(60)

    private var misses = 0
    private var lastTold: Instant?

    /// Records a try with a missing service.
    ///
    /// - Parameter random: A number from 0 to 1. Random pauses keep the workers of many machines from returning
    ///   together.
    mutating func missed(now: Instant, random: Double) -> Step {
        let pause = Self.backoff.delay(attempt: misses, random: random)
        misses += 1
        let isTold = lastTold.map { $0.duration(to: now) >= Self.silence } ?? true
        if isTold { lastTold = now }
        return Step(pause: pause, isTold: isTold)
    }
}

/// The needs of a worker before its start, as of the last check.
package struct StartNeeds: Sendable, Equatable {
    /// The reason why Redis is out of reach; nil: Redis answers.
    var redis: String?
    /// The reason why the Docker Engine is out of reach; nil: the Docker Engine answers.
    var docker: String?

    var isMet: Bool { redis == nil && docker == nil }

    /// The missing services, as a sentence.
    var sentence: String {
        [redis.map { "Redis: \($0)" }, docker.map { "Docker: \($0)" }].compactMap { $0 }.joined(separator: "; ")
    }
}

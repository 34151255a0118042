/// How a worker waits at its start for Redis and the Engine: pauses that grow, and a word in the log now and then.
///
/// After a machine has booted, each of the three may be there first.
struct StartPatience: Equatable {
    typealias Instant = ContinuousClock.Instant

    struct Step: Equatable {
        /// Until the next try.
        var pause: Duration
        /// Whether the log is to say what is missing.
        var isTold: Bool
    }

    private static let shortest = Duration.milliseconds(250)
    private static let longest = Duration.seconds(5)
    /// Time from one word in the log to the next, at least.
    static let silence = Duration.seconds(60)

    private var misses = 0
    private var lastTold: Instant?

    /// Something is missing still.
    ///
    /// - Parameter random: 0 to 1, so that the workers of many machines do not come back together.
    mutating func missed(now: Instant, random: Double) -> Step {
        let pause = min(Self.shortest * (1 << min(misses, 10)), Self.longest)
        misses += 1
        let isTold = lastTold.map { $0.duration(to: now) >= Self.silence } ?? true
        if isTold { lastTold = now }
        return Step(pause: pause * (0.5 + random / 2), isTold: isTold)
    }
}

/// What a worker needs before it can begin, as it was when it looked last.
package struct StartNeeds: Sendable, Equatable {
    /// Why Redis is out of reach; nil: it answers.
    var redis: String?
    /// Why the Engine is out of reach; nil: it answers.
    var docker: String?

    var isMet: Bool { redis == nil && docker == nil }

    /// What is missing, as a sentence.
    var sentence: String {
        [redis.map { "Redis: \($0)" }, docker.map { "Docker: \($0)" }].compactMap { $0 }.joined(separator: "; ")
    }
}

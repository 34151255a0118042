/// How long an Engine that was found out of reach is left alone before it is asked again.
///
/// An Engine that begins or ends may answer a ping and refuse all else. To believe each ping would make a worker take its
/// jobs and give them back as fast as it can; so each relapse soon after a return is met with twice the patience.
package struct EnginePatience: Sendable, Equatable {
    private let base: Duration
    private let cap: Duration
    /// A return that lasted for so long was one.
    private let trust: Duration
    private var relapses = 0
    private var lastReturn: MonotonicInstant?

    package init(base: Duration = .milliseconds(250), cap: Duration = .seconds(4), trust: Duration = .seconds(10)) {
        self.base = base
        self.cap = cap
        self.trust = trust
    }

    /// The Engine answers (again).
    package mutating func answered(now: MonotonicInstant) { lastReturn = lastReturn ?? now }

    /// A call has found it out of reach. Answers for how long to leave it alone.
    package mutating func lost(now: MonotonicInstant) -> Duration {
        // Told more than once of the same loss, it stays as patient as it is.
        if let lastReturn { relapses = lastReturn.duration(to: now) < trust ? relapses + 1 : 0 }
        lastReturn = nil
        return min(base * (1 << min(relapses, 16)), cap)
    }
}

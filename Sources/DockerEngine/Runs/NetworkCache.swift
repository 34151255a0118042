/// The networks found a short time ago.
struct NetworkCache: Equatable {
    /// The time for which the cache trusts an earlier check.
    static let lifetime = Duration.seconds(30)

    private static let capacity = 64
    private var found: [String: ContinuousClock.Instant] = [:]

    /// Returns whether the network was found within the lifetime.
    func has(_ name: String, at now: ContinuousClock.Instant) -> Bool {
        found[name].map { now < $0.advanced(by: Self.lifetime) } ?? false
    }

    /// Records that the network was found at `now`.
    mutating func add(_ name: String, at now: ContinuousClock.Instant) {
        if found.count >= Self.capacity { found = [:] }
        found[name] = now
    }

    /// Forgets the network, because the network may be gone.
    mutating func drop(_ name: String) { found[name] = nil }
}

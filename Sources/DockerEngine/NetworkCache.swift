/// The networks that were found a short while ago.
struct NetworkCache: Equatable {
    /// How long a network that was found counts as there.
    static let lifetime = Duration.seconds(30)

    private static let capacity = 64
    private var found: [String: ContinuousClock.Instant] = [:]

    /// Whether `name` was found within the lifetime.
    func has(_ name: String, at now: ContinuousClock.Instant) -> Bool {
        found[name].map { now < $0.advanced(by: Self.lifetime) } ?? false
    }

    /// `name` was found now.
    mutating func add(_ name: String, at now: ContinuousClock.Instant) {
        if found.count >= Self.capacity { found = [:] }
        found[name] = now
    }

    /// `name` may not be there any more.
    mutating func drop(_ name: String) { found[name] = nil }
}

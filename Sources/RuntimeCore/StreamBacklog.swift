/// The backlog of a consumer group on a stream with trimmed old entries.
package struct StreamBacklog: Sendable, Equatable {
    /// Number of entries not acknowledged by the group, including entries not yet delivered; nil if Redis cannot count
    /// the entries.
    package var entries: Int?
    /// Age of the oldest such entry on Redis' clock, or nil without entries.
    package var age: Duration?
    /// Whether Redis trimmed entries before the group acknowledged them.
    package var hasLost: Bool

    package init(entries: Int?, age: Duration?, hasLost: Bool = false) {
        self.entries = entries
        self.age = age
        self.hasLost = hasLost
    }

    /// Returns the used part of the retention, by entries or by age, whichever is larger.
    ///
    /// At 0 the group is up to date. At 1 the group's oldest entry is trimmed next. Larger values are possible.
    package func usedRetention(entries most: Int, age longest: Duration) -> Double {
        let byEntries = entries.map { Double($0) / Double(max(most, 1)) } ?? 0
        let byAge = age.map { $0 / longest } ?? 0
        return max(byEntries, byAge, hasLost ? 1 : 0)
    }

    /// The used part of the retention above which a person is warned.
    package static let warningLevel = 0.5
}

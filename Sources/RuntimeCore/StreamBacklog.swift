/// How far a consumer group is behind on a stream whose oldest entries are trimmed.
package struct StreamBacklog: Sendable, Equatable {
    /// Entries that the group has not acknowledged, those not delivered included; nil where Redis cannot count them.
    package var entries: Int?
    /// Age of the oldest of them, on Redis' clock; nil where there is none.
    package var age: Duration?
    /// Whether entries were trimmed that the group had not acknowledged.
    package var hasLost: Bool

    package init(entries: Int?, age: Duration?, hasLost: Bool = false) {
        self.entries = entries
        self.age = age
        self.hasLost = hasLost
    }

    /// Part of the retention that the group has used up, by entries or by age, whichever is more: from 0 (it is up
    /// to date) to 1 (its oldest entry is trimmed next) and beyond.
    package func usedRetention(entries most: Int, age longest: Duration) -> Double {
        let byEntries = entries.map { Double($0) / Double(max(most, 1)) } ?? 0
        let byAge = age.map { $0 / longest } ?? 0
        return max(byEntries, byAge, hasLost ? 1 : 0)
    }

    /// Part from which on a person is warned.
    package static let warningLevel = 0.5
}

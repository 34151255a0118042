/// Decides which failures of a repeated attempt are logged as a warning, and whether their end is logged.
///
/// An outage has one warning at its begin, reminders far apart, and one line at its end. An attempt that succeeds and
/// fails in turn does not fill the log either: a relapse belongs to the outage before.
package struct OutageLog: Sendable, Equatable {
    /// The time between two warnings of one outage.
    private let reminder: Duration
    /// A failure this soon after the end of an outage is a relapse.
    private static let relapse = Duration.seconds(5)

    private var beganAt: Duration?
    private var endedAt: Duration?
    private var warnedAt: Duration?
    /// Whether the last line was a warning.
    private var owesEnd = false

    package init(reminder: Duration = .seconds(60)) { self.reminder = reminder }

    /// Whether the latest attempt has failed.
    package var isOut: Bool { beganAt != nil }

    /// Notes a failed attempt. Returns whether the failure is logged as a warning.
    ///
    /// - Parameter now: The time since a fixed point.
    package mutating func failed(at now: Duration) -> Bool {
        let isRelapse = endedAt.map { now - $0 < Self.relapse } ?? false
        if beganAt == nil, !isRelapse { warnedAt = nil }
        if beganAt == nil { beganAt = now }
        if let warnedAt, now - warnedAt < reminder { return false }
        warnedAt = now
        owesEnd = true
        return true
    }

    /// Notes a successful attempt. Returns the length of the outage if its end is logged; nil otherwise.
    ///
    /// - Parameter now: The time since a fixed point.
    package mutating func succeeded(at now: Duration) -> Duration? {
        guard let began = beganAt else { return nil }
        beganAt = nil
        endedAt = now
        guard owesEnd else { return nil }
        owesEnd = false
        return now - began
    }
}

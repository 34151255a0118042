/// A HEALTHCHECK, as an image declares it and a container has it. Nil means Docker's default.
package struct Healthcheck: Sendable, Equatable {
    /// Shortest pause between two checks that a container may ask for. Each check is a process that the Engine starts
    /// outside of the container's limits.
    package static let shortestInterval = Duration.seconds(1)

    /// Command, in Docker's form: `["CMD", "/bin/check"]`, `["CMD-SHELL", "check"]`, `["NONE"]`.
    package var test: [String]
    /// Pause between two checks.
    package var interval: Duration?
    /// How long one check may take.
    package var timeout: Duration?
    /// How long failures do not count after the start.
    package var startPeriod: Duration?
    /// Pause between two checks within the start period.
    package var startInterval: Duration?
    /// Failures in a row that make the container unhealthy.
    package var retries: Int?

    package init(
        test: [String],
        interval: Duration? = nil,
        timeout: Duration? = nil,
        startPeriod: Duration? = nil,
        startInterval: Duration? = nil,
        retries: Int? = nil
    ) {
        self.test = test
        self.interval = interval
        self.timeout = timeout
        self.startPeriod = startPeriod
        self.startInterval = startInterval
        self.retries = retries
    }

    /// Whether anything is checked at all.
    package var isChecked: Bool { !test.isEmpty && test != ["NONE"] }

    /// Returns the same check with intervals raised to ``shortestInterval``; nil if none of them is shorter.
    package var slowed: Healthcheck? {
        var slowed = self
        slowed.interval = interval.map { max($0, Self.shortestInterval) }
        slowed.startInterval = startInterval.map { max($0, Self.shortestInterval) }
        return isChecked && slowed != self ? slowed : nil
    }
}

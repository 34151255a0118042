/// The HEALTHCHECK of an image or container. A nil value means Docker's default.
package struct Healthcheck: Sendable, Equatable {
    /// The shortest allowed pause between two checks. For each check the Docker Engine starts a process outside of the
    /// container's limits.
    package static let shortestInterval = Duration.seconds(1)

    /// The command in Docker's form: `["CMD", "/bin/check"]`, `["CMD-SHELL", "check"]`, `["NONE"]`.
    package var test: [String]
    /// Pause between two checks.
    package var interval: Duration?
    /// The longest time for a check.
    package var timeout: Duration?
    /// The time after the start during which failures do not count.
    package var startPeriod: Duration?
    /// Pause between two checks during the start period.
    package var startInterval: Duration?
    /// The number of consecutive failures after which the container is unhealthy.
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

    /// Whether the Docker Engine runs checks.
    package var isChecked: Bool { !test.isEmpty && test != ["NONE"] }

    /// Returns the same check with intervals of at least ``shortestInterval``, or nil if no interval is shorter.
    package var slowed: Healthcheck? {
        var slowed = self
        slowed.interval = interval.map { max($0, Self.shortestInterval) }
        slowed.startInterval = startInterval.map { max($0, Self.shortestInterval) }
        return isChecked && slowed != self ? slowed : nil
    }
}

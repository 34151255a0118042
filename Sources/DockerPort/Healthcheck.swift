/// A HEALTHCHECK, as an image declares it and a container has it. Nil means Docker's default.
public struct Healthcheck: Sendable, Equatable {
    /// Shortest pause between two checks that a container may ask for. Each check is a process that the Engine starts
    /// outside of the container's limits.
    public static let shortestInterval = Duration.seconds(1)

    /// Command, in Docker's form: `["CMD", "/bin/check"]`, `["CMD-SHELL", "check"]`, `["NONE"]`.
    public var test: [String]
    /// Pause between two checks.
    public var interval: Duration?
    /// How long one check may take.
    public var timeout: Duration?
    /// How long failures do not count after the start.
    public var startPeriod: Duration?
    /// Pause between two checks within the start period.
    public var startInterval: Duration?
    /// Failures in a row that make the container unhealthy.
    public var retries: Int?

    public init(
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
    public var isChecked: Bool { !test.isEmpty && test != ["NONE"] }

    /// Returns the same check with intervals raised to ``shortestInterval``; nil if none of them is shorter.
    public var slowed: Healthcheck? {
        var slowed = self
        slowed.interval = interval.map { max($0, Self.shortestInterval) }
        slowed.startInterval = startInterval.map { max($0, Self.shortestInterval) }
        return isChecked && slowed != self ? slowed : nil
    }
}

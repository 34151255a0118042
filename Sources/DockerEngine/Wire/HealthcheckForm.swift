import DockerPort
import Primitives

/// A health check in the form of the Docker API. Durations are in nanoseconds. 0 means the default or, in a create, the
/// image's value.
struct HealthcheckForm: Codable, Equatable {
    var test: [String]?
    var interval: Int64?
    var timeout: Int64?
    var startPeriod: Int64?
    /// Since API 1.44.
    var startInterval: Int64?
    var retries: Int?

    init(_ healthcheck: Healthcheck) {
        test = healthcheck.test
        interval = healthcheck.interval.map(\.nanoseconds)
        timeout = healthcheck.timeout.map(\.nanoseconds)
        startPeriod = healthcheck.startPeriod.map(\.nanoseconds)
        startInterval = healthcheck.startInterval.map(\.nanoseconds)
        retries = healthcheck.retries
    }

    /// The health check in the port's form.
    var port: Healthcheck {
        Healthcheck(
            test: test ?? [],
            interval: Self.duration(interval),
            timeout: Self.duration(timeout),
            startPeriod: Self.duration(startPeriod),
            startInterval: Self.duration(startInterval),
            retries: retries.flatMap { $0 > 0 ? $0 : nil }
        )
    }

    private static func duration(_ nanoseconds: Int64?) -> Duration? {
        nanoseconds.flatMap { $0 > 0 ? .nanoseconds($0) : nil }
    }

    enum CodingKeys: String, CodingKey {
        case test = "Test"
        case interval = "Interval"
        case timeout = "Timeout"
        case startPeriod = "StartPeriod"
        case startInterval = "StartInterval"
        case retries = "Retries"
    }
}

import Primitives

/// The allowed logging drivers and options of a container.
///
/// Other drivers are unsafe: the Docker Engine, running as root, would connect to the addresses in their options or
/// read the named files. Other options would mix the container's text into the operators' logs.
package enum LogRules {
    /// Drivers without needs beyond the host. The driver `none` keeps no logs.
    package static let drivers = ["json-file", "local", "journald", "none"]

    /// Options limiting the space of a log on the host.
    package static let options = ["max-size", "max-file", "compress", "mode", "max-buffer-size"]

    /// Options only for drivers with their own log files.
    package static let rotatingOptions: Set<String> = ["max-size", "max-file", "compress"]

    /// Returns whether the driver keeps its own log files.
    package static func rotates(_ driver: String) -> Bool { driver == "json-file" || driver == "local" }

    /// Returns whether Docker accepts the value for the option, regardless of the driver.
    package static func allows(_ name: String, _ value: String) -> Bool {
        switch name {
        case "max-size", "max-buffer-size": MemorySize(value).map { $0.bytes > 0 } ?? false
        case "max-file":
            value.utf8.allSatisfy(\.isDigit)
                && Int(value).map { (1...1_000).contains($0) } ?? false
        case "compress": value == "true" || value == "false"
        case "mode": value == "blocking" || value == "non-blocking"
        default: false
        }
    }

    /// Returns whether the driver may have the option with this value.
    package static func allows(_ name: String, _ value: String, driver: String) -> Bool {
        allows(name, value) && (rotates(driver) || !rotatingOptions.contains(name))
    }
}

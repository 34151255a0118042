/// What a container's log may be. Other drivers make the Engine, which is root, dial where an option says or read the
/// files that it names; other options put what the container says into what operators read.
package enum LogRules {
    /// Drivers that need nothing beyond the host. `none` keeps no logs.
    package static let drivers = ["json-file", "local", "journald", "none"]

    /// Options that bound what a log may take of the host.
    package static let options = ["max-size", "max-file", "compress", "mode", "max-buffer-size"]

    /// Options that only the drivers which keep files themselves take.
    package static let rotatingOptions: Set<String> = ["max-size", "max-file", "compress"]

    /// Whether the driver keeps files itself.
    package static func rotates(_ driver: String) -> Bool { driver == "json-file" || driver == "local" }

    /// Whether Docker takes the value for the option, whatever the driver.
    package static func allows(_ name: String, _ value: String) -> Bool {
        switch name {
        case "max-size", "max-buffer-size": MemorySize.bytes(value).map { $0 > 0 } ?? false
        case "max-file":
            value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                && Int(value).map { (1...1_000).contains($0) } ?? false
        case "compress": value == "true" || value == "false"
        case "mode": value == "blocking" || value == "non-blocking"
        default: false
        }
    }

    /// Whether the driver may have the option with this value.
    package static func allows(_ name: String, _ value: String, driver: String) -> Bool {
        allows(name, value) && (rotates(driver) || !rotatingOptions.contains(name))
    }
}

import Configuration
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The sources of settings. Flags take precedence over the environment, and the environment over the file.
package struct SettingsSource: Sendable {
    /// The values of the given flags, by the setting's name, such as `RTM_REDIS_URL`.
    package var flags: [String: String] = [:]
    /// The variables given by `--env NAME=value`.
    package var gameEnvironment: [String: String] = [:]
    package var environment: [String: String] = [:]
    var cores = 1

    /// Returns the environment and core count of this process, together with the given flags.
    package static func process(flags: [String: String], gameEnvironment: [String: String] = [:]) -> SettingsSource {
        SettingsSource(
            flags: flags,
            gameEnvironment: gameEnvironment,
            environment: ProcessInfo.processInfo.environment,
            cores: ProcessInfo.processInfo.activeProcessorCount
        )
    }
}

/// Finds the text and the source of a setting.
struct SettingLayers: Sendable {
    private let source: SettingsSource
    private let file: SettingsFile?
    private let reader: ConfigReader
    private let winner = WinningLayer()

    init(source: SettingsSource, file: SettingsFile?) {
        self.source = source
        self.file = file
        let flags = source.flags.map {
            (AbsoluteConfigKey(SettingLayers.key($0.key)), ConfigValue(stringLiteral: $0.value))
        }
        var fileValues: [String: String] = [:]
        for (name, entry) in file?.entries ?? [:] { fileValues[name] = entry.value }
        reader = ConfigReader(
            providers: [
                InMemoryProvider(name: "flags", values: Dictionary(flags) { first, _ in first }),
                EnvironmentVariablesProvider(environmentVariables: source.environment),
                EnvironmentVariablesProvider(environmentVariables: fileValues),
            ],
            accessReporter: winner
        )
    }

    /// Returns the text and the source of the setting `name`; nil: no source has the setting.
    func value(of name: String) -> (text: String, origin: SettingOrigin)? {
        // Every value is marked as secret, because only this program's own rules may show values.
        guard let text = reader.string(forKey: ConfigKey(SettingLayers.key(name)), isSecret: true) else { return nil }
        switch winner.index {
        case 0: return (text, .flag(SettingDescriptor.flag(of: name)))
        case 1: return (text, .environment)
        default: return (text, .file(path: file?.path ?? "", line: file?.entries[name]?.line ?? 0))
        }
    }

    /// Returns the variables of every game's environment: name, value and source, each name once.
    func gameEnvironment() -> [(name: String, value: String, origin: SettingOrigin)] {
        let prefix = SettingDescriptor.gameEnvironmentPrefix
        var found: [String: (String, SettingOrigin)] = [:]
        for (name, entry) in file?.entries ?? [:] where name.hasPrefix(prefix) {
            let origin = SettingOrigin.file(path: file?.path ?? "", line: entry.line)
            found[String(name.dropFirst(prefix.count))] = (entry.value, origin)
        }
        for (name, value) in source.environment where name.hasPrefix(prefix) {
            found[String(name.dropFirst(prefix.count))] = (value, .environment)
        }
        for (name, value) in source.gameEnvironment { found[name] = (value, .flag("env")) }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.0, $0.value.1) }
    }

    /// Returns the parts of a configuration key for a name such as `RTM_REDIS_URL`.
    private static func key(_ name: String) -> [String] {
        name.lowercased().split(separator: "_").map(String.init)
    }
}

/// Records which provider had the last value. The reader asks the providers in order until a provider has a value.
private final class WinningLayer: AccessReporter {
    private let last = Mutex(0)

    var index: Int { last.withLock { $0 } }

    func report(_ event: AccessEvent) {
        last.withLock { $0 = event.providerResults.count - 1 }
    }
}

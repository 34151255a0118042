import Configuration
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What settings are made of: flags over the environment over a file.
package struct SettingsSource: Sendable {
    /// Values by name (`RTM_REDIS_URL`), for the flags that were given.
    package var flags: [String: String] = [:]
    /// `--env NAME=value`.
    package var gameEnvironment: [String: String] = [:]
    package var environment: [String: String] = [:]
    var cores = 1

    /// This process' environment and cores, with the flags that it was given.
    package static func process(flags: [String: String], gameEnvironment: [String: String] = [:]) -> SettingsSource {
        SettingsSource(
            flags: flags,
            gameEnvironment: gameEnvironment,
            environment: ProcessInfo.processInfo.environment,
            cores: ProcessInfo.processInfo.activeProcessorCount
        )
    }
}

/// Finds the text of one setting, and tells where it stood.
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

    /// The text of the setting `name` and where it stood; nil where nobody gave it.
    func value(of name: String) -> (text: String, origin: SettingOrigin)? {
        // Secret for every name: the values of all are shown by our own rules, by nobody else's.
        guard let text = reader.string(forKey: ConfigKey(SettingLayers.key(name)), isSecret: true) else { return nil }
        switch winner.index {
        case 0: return (text, .flag(SettingDescriptor.flag(of: name)))
        case 1: return (text, .environment)
        default: return (text, .file(path: file?.path ?? "", line: file?.entries[name]?.line ?? 0))
        }
    }

    /// Variables of every game's environment: name, value and where it stood, one each.
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

    /// `RTM_REDIS_URL` as the parts of a key.
    private static func key(_ name: String) -> [String] {
        name.lowercased().split(separator: "_").map(String.init)
    }
}

/// Remembers which provider answered last: they are asked in order until one has a value.
private final class WinningLayer: AccessReporter {
    private let last = Mutex(0)

    var index: Int { last.withLock { $0 } }

    func report(_ event: AccessEvent) {
        last.withLock { $0 = event.providerResults.count - 1 }
    }
}

import JobContract
import Primitives
import RuntimeCore
import Terminal

/// Loaded and checked settings, with warnings for the operator.
package struct LoadedSettings: Sendable, Equatable {
    package var settings: Settings
    package var warnings: [String] = []
}

extension Settings {
    /// Reads and checks the settings of `audience`. All other settings keep their defaults, unread.
    ///
    /// - Throws: All problems together.
    package static func load(
        from source: SettingsSource,
        for audience: SettingDescriptor.Audience
    ) throws(SettingsError) -> LoadedSettings {
        var loader = SettingsLoader(settings: Settings(cores: source.cores))
        let file = loader.readFile(of: source)
        let layers = SettingLayers(source: source, file: file)
        for descriptor in SettingDescriptor.all where descriptor.name != SettingDescriptor.configName {
            guard audience == .worker || descriptor.audience == .everyone else { continue }
            loader.take(descriptor, from: layers)
        }
        if audience == .worker {
            loader.takeGameEnvironment(layers.gameEnvironment())
            loader.checkTogether()
        }
        loader.warnOfUnknownNames(source: source, file: file)
        guard loader.problems.isEmpty else { throw loader.error }
        return LoadedSettings(settings: loader.settings, warnings: loader.warnings)
    }
}

/// The steps of loading, with the results so far.
private struct SettingsLoader {
    var settings: Settings
    var problems: [SettingProblem] = []
    var warnings: [String] = []
    /// The given and allowed texts, by the setting's name.
    var given: [String: (text: String, origin: SettingOrigin)] = [:]

    var error: SettingsError { SettingsError(problems: problems, warnings: warnings) }

    mutating func readFile(of source: SettingsSource) -> SettingsFile? {
        let name = SettingDescriptor.configName
        let named: (path: String, origin: SettingOrigin)
        if let path = source.flags[name] {
            named = (path, .flag(SettingDescriptor.flag(of: name)))
        } else if let path = source.environment[name] {
            named = (path, .environment)
        } else {
            return nil
        }
        guard !named.path.isEmpty else { return nil }
        switch SettingsFiles.text(ofFile: named.path) {
        case .failure(let problem):
            problems.append(
                SettingProblem(name: name, origin: named.origin, value: named.path, reason: problem.reason)
            )
            return nil
        case .success(let text):
            settings.configFile = named.path
            let file = SettingsFile(path: named.path, text: text)
            problems += file.problems
            return file
        }
    }

    mutating func take(_ descriptor: SettingDescriptor, from layers: SettingLayers) {
        guard let (text, origin) = layers.value(of: descriptor.name), !text.isEmpty || descriptor.emptyIsValue else {
            return
        }
        var reason: String?
        if !descriptor.assign(text, to: &settings) {
            reason = "must be \(descriptor.allowed)"
        } else if descriptor.namesFile {
            reason = SettingsFiles.unreadable(text)
        }
        guard let reason else {
            given[descriptor.name] = (text, origin)
            return
        }
        problems.append(
            SettingProblem(name: descriptor.name, origin: origin, value: descriptor.shown(text), reason: reason)
        )
    }

    mutating func takeGameEnvironment(_ variables: [(name: String, value: String, origin: SettingOrigin)]) {
        for (name, value, origin) in variables {
            if Syntax.isEnvironmentName(name) {
                settings.gameEnvironment[name] = value
            } else {
                // The message leaves out the value, because the value may be a secret.
                let reason = "must have a letter or _ after the prefix, then letters, digits and _"
                let full = SettingDescriptor.gameEnvironmentPrefix + name
                problems.append(SettingProblem(name: full, origin: origin, reason: reason))
            }
        }
    }

    /// Checks settings against each other.
    mutating func checkTogether() {
        if let most = settings.maxCPUQuota, most < settings.cpuQuota {
            reject("RTM_MAX_CPU_QUOTA", "must not be below RTM_CPU_QUOTA (\(settings.cpuQuota))")
        }
        if let most = settings.maxMemory, most.bytes < settings.memory.bytes {
            reject("RTM_MAX_MEMORY", "must not be below RTM_MEMORY (\(settings.memory.text))")
        }
        if let most = settings.maxPIDsLimit, most < settings.pidsLimit {
            reject("RTM_MAX_PIDS_LIMIT", "must not be below RTM_PIDS_LIMIT (\(settings.pidsLimit))")
        }
        checkDirectories()
        checkCutOff()
        // Redis must know an id for longer than a copy of the signed message stays valid.
        if settings.signingKeyFile != nil,
            settings.retentionSeconds <= settings.signedMaxAgeSeconds + Self.mostSecondsAhead
        {
            reject(
                given["RTM_RETENTION_SECONDS"] == nil ? "RTM_SIGNED_MAX_AGE_SECONDS" : "RTM_RETENTION_SECONDS",
                "RTM_RETENTION_SECONDS (\(settings.retentionSeconds)) must be more than 60 s above RTM_SIGNED_MAX_AGE_SECONDS "
                    + "(\(settings.signedMaxAgeSeconds)), or a captured job could run again"
            )
        }
        guard !DockerName.rotates(settings.logDriver) else { return }
        // The default options suit drivers with files of their own. Other drivers refuse these options.
        if given["RTM_LOG_OPTS"] == nil { settings.logOpts = [:] }
        if settings.logOpts.keys.contains(where: DockerName.rotatingOptions.contains) {
            reject("RTM_LOG_OPTS", "the log driver \(settings.logDriver) takes no max-size, max-file and compress")
        }
    }

    /// A node must notice a short interruption before it stops its games.
    private mutating func checkCutOff() {
        let (grace, lease) = (Duration.seconds(settings.nodeGraceSeconds), Duration.seconds(settings.leaseTTLSeconds))
        let missing = CutOffWatch.shortestSilence - CutOffWatch.limit(grace: grace, lease: lease)
        guard settings.stopWhenCutOff, missing > .zero else { return }
        let least = max(grace, lease * 2) + missing
        reject(
            "RTM_NODE_GRACE_SECONDS",
            "must be at least \(Int((least / .seconds(1)).rounded(.up))) with RTM_STOP_WHEN_CUT_OFF and a lease of "
                + "\(settings.leaseTTLSeconds) s: the games must have ended before the node is lost"
        )
    }

    /// The largest lead of a signed job's date over Redis' clock, in seconds.
    private static let mostSecondsAhead = 60

    /// Rejects roots that give a job access to another game's files or to the host's system.
    private mutating func checkDirectories() {
        let found = MountRootRules.problems(
            roots: settings.allowedMountRoots,
            stateRoot: settings.stateRoot,
            realPath: SettingsFiles.realPath
        )
        for problem in found {
            let name = problem.isStateRoot ? "RTM_STATE_ROOT" : "RTM_ALLOWED_MOUNT_ROOTS"
            reject(name, "\(problem.path) \(problem.reason); name directories of their own, apart from each other")
        }
    }

    private mutating func reject(_ name: String, _ reason: String) {
        guard let (text, origin) = given[name] else { return }
        problems.append(SettingProblem(name: name, origin: origin, value: text, reason: reason))
    }

    mutating func warnOfUnknownNames(source: SettingsSource, file: SettingsFile?) {
        for name in source.environment.keys.sorted() where name.hasPrefix("RTM_") {
            warnIfUnknown(name, "in the environment")
        }
        for (name, entry) in (file?.entries ?? [:]).sorted(by: { $0.value.line < $1.value.line }) {
            let place = "in \(file?.path ?? ""), line \(entry.line)"
            if name == SettingDescriptor.configName {
                warnings.append("\(name) \(place) has no effect: a file cannot name another one")
            } else {
                warnIfUnknown(name, place)
            }
        }
    }

    private mutating func warnIfUnknown(_ name: String, _ place: String) {
        guard SettingDescriptor.named(name) == nil, !name.hasPrefix(SettingDescriptor.gameEnvironmentPrefix),
            !name.hasPrefix(SettingDescriptor.testPrefix)
        else { return }
        let nearest = nearestName(to: name, among: SettingDescriptor.all.map(\.name))
        let hint = nearest.map { "; did you mean \($0)?" } ?? ""
        warnings.append("\(EscapedText.escape(name, quotes: true)) \(place) is no setting and has no effect\(hint)")
    }
}

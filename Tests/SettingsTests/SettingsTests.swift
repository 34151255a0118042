import Foundation
import Primitives
import Testing

@testable import Settings
@testable import Terminal

/// Settings from what is given, of a machine with 4 cores.
private func load(
    flags: [String: String] = [:],
    environment: [String: String] = [:],
    gameEnvironment: [String: String] = [:],
    for audience: SettingDescriptor.Audience = .worker
) throws(SettingsError) -> LoadedSettings {
    let source = SettingsSource(flags: flags, gameEnvironment: gameEnvironment, environment: environment, cores: 4)
    return try Settings.load(from: source, for: audience)
}

/// What is wrong with the settings that `body` reads; nil where nothing is.
private func failure(_ body: () throws(SettingsError) -> LoadedSettings) -> SettingsError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

/// Gives `body` the path of a new file with `text`, and deletes it.
private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "rtmanager-settings-\(UUID().uuidString)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

@Suite("Settings")
struct SettingsTests {
    @Test("Without anything given, the defaults of the contract hold")
    func defaults() throws {
        let loaded = try load()
        #expect(loaded == LoadedSettings(settings: Settings(cores: 4)))
        #expect(loaded.settings.concurrency == 8)
        #expect(Settings(cores: 4000).concurrency == 1024)
    }

    @Test("The default that the help shows is the default", arguments: SettingDescriptor.all.map(\.name))
    func shownDefault(name: String) throws {
        let descriptor = try #require(SettingDescriptor.named(name))
        var settings = Settings(cores: 4)
        if descriptor.defaultText.isEmpty {
            // Nothing to compare but that empty text changes nothing.
            #expect(try load(environment: [name: ""]).settings == settings)
        } else {
            let assigned = descriptor.assign(descriptor.defaultText, to: &settings)
            #expect(assigned)
            #expect(settings == Settings(cores: 4))
        }
    }

    @Test("A flag goes before the environment, the environment before the file")
    func precedence() throws {
        try withFile("RTM_NAMESPACE=file\nRTM_SLOTS=3\n RTM_NETWORK = \"from-file\" \n") { path in
            let environment = ["RTM_CONFIG": path, "RTM_NAMESPACE": "environment", "RTM_SLOTS": "2"]
            let settings = try load(flags: ["RTM_NAMESPACE": "flag"], environment: environment).settings
            #expect(settings.namespace == "flag")
            #expect(settings.slots == 2)
            #expect(settings.network == "from-file")
            #expect(settings.configFile == path)
        }
    }

    @Test("An empty value means the default, except where it is a value")
    func emptyValues() throws {
        let settings = try load(environment: ["RTM_NETWORK": "", "RTM_HTTP": "", "RTM_LOG_OPTS": ""]).settings
        #expect(settings.network == "galaxy-net")
        #expect(settings.http == nil)
        #expect(settings.logOpts == [:])
    }

    @Test("Variables of the games come from all sources, one by one")
    func gameEnvironment() throws {
        try withFile("RTM_ENV_A=file\nRTM_ENV_B=file\nRTM_ENV_C='file = 1'\n") { path in
            let loaded = try load(
                flags: ["RTM_CONFIG": path],
                environment: ["RTM_ENV_B": "environment", "RTM_ENV_A": "environment"],
                gameEnvironment: ["A": "flag", "empty": ""]
            )
            #expect(
                loaded.settings.gameEnvironment == ["A": "flag", "B": "environment", "C": "file = 1", "empty": ""]
            )
            #expect(loaded.warnings == [])
        }
    }

    @Test(
        "Directories that would let a job reach another game's files or the host's system are refused",
        arguments: [
            ("/a,/a:ro", "/a is /a"), ("/a,/a/b", "/a/b lies inside /a"), ("/etc", "/etc is /etc"),
            ("/var:ro", "/var contains /"), ("/tmp/../x", nil), ("/srv/state", "is the state root /srv/state"),
            ("/srv", "/srv contains the state root /srv/state"), ("/a,/b:ro", ""),
        ] as [(String, String?)]
    )
    func directories(roots: String, problem: String?) throws {
        let environment = ["RTM_ALLOWED_MOUNT_ROOTS": roots, "RTM_STATE_ROOT": "/srv/state"]
        let error = failure { () throws(SettingsError) in try load(environment: environment) }
        guard problem != "" else {
            #expect(error == nil)
            return
        }
        let text = try #require(error).problems.map(\.description).joined(separator: "; ")
        #expect(text.contains("RTM_ALLOWED_MOUNT_ROOTS") && text.contains(problem ?? "absolute paths"), "\(text)")
    }

    @Test("A link is followed before directories are compared, and a state root holds no system directory")
    func linkedDirectories() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("roots-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/real", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/real")
        let linked = ["RTM_ALLOWED_MOUNT_ROOTS": "\(folder)/real,\(folder)/link/not/there"]
        let error = failure { () throws(SettingsError) in try load(environment: linked) }
        #expect(error?.problems.first?.description.contains("lies inside") == true)
        let state = failure { () throws(SettingsError) in try load(environment: ["RTM_STATE_ROOT": "/var/lib"]) }
        #expect(state?.problems.first?.description.contains("contains /var/lib/docker") == true)
    }

    @Test("What was signed may not live longer than its id is known")
    func signedAge() throws {
        try withFile("k:0123456789abcdef") { path in
            let short = ["RTM_SIGNING_KEY_FILE": path, "RTM_RETENTION_SECONDS": "86400"]
            let error = failure { () throws(SettingsError) in try load(environment: short) }
            #expect(
                error?.problems.first?.description.contains("must be more than 60 s above RTM_SIGNED_MAX_AGE_SECONDS")
                    == true
            )
            var fitting = short
            fitting["RTM_SIGNED_MAX_AGE_SECONDS"] = "86339"
            let fitted = try load(environment: fitting).settings
            #expect(fitted.signedMaxAgeSeconds == 86_339)
            let unsigned = try load(environment: ["RTM_RETENTION_SECONDS": "60"]).settings
            #expect(unsigned.retentionSeconds == 60)
        }
    }

    @Test("A node that stops its games when cut off needs time to notice")
    func cutOff() throws {
        let short = ["RTM_NODE_GRACE_SECONDS": "30", "RTM_LEASE_TTL_SECONDS": "15"]
        _ = try load(environment: short)
        let cutOff = short.merging(["RTM_STOP_WHEN_CUT_OFF": "true"]) { $1 }
        let error = failure { () throws(SettingsError) in try load(environment: cutOff) }
        let sentence = "must be at least 35 with RTM_STOP_WHEN_CUT_OFF and a lease of 15 s"
        let found = error?.problems.first?.description ?? ""
        #expect(found.hasPrefix("RTM_NODE_GRACE_SECONDS=") && found.contains(sentence), "\(found)")
        for (grace, lease) in [(35, 15), (30, 10), (300, 60)] {
            let fitting = ["RTM_NODE_GRACE_SECONDS": "\(grace)", "RTM_LEASE_TTL_SECONDS": "\(lease)"]
                .merging(["RTM_STOP_WHEN_CUT_OFF": "true"]) { $1 }
            let loaded = try load(environment: fitting).settings
            #expect(loaded.stopWhenCutOff)
        }
    }

    @Test("All problems are told at once, with name, place, value and what is allowed")
    func allProblems() throws {
        try withFile("# games\nRTM_PIDS_LIMIT=0\nnonsense\nRTM_SLOTS=1\nRTM_SLOTS=2") { path in
            let error = failure { () throws(SettingsError) in
                try load(
                    flags: ["RTM_CONCURRENCY": "0", "RTM_CONFIG": path],
                    environment: ["RTM_MEMORY": "5m", "RTM_ENV_1": "secret"],
                    gameEnvironment: ["a-b": "secret"]
                )
            }
            let lines = try #require(error).problems.map(\.description)
            #expect(
                lines == [
                    "\(path), line 3: must be NAME=value, a comment (#) or blank",
                    "RTM_SLOTS (\(path), line 5): is given twice, also in line 4",
                    "RTM_CONCURRENCY=\"0\" (flag --concurrency): must be a whole number from 1 to 1024",
                    "RTM_MEMORY=\"5m\" (environment): must be a whole number with a unit (512m, 2g), 6m or more",
                    "RTM_PIDS_LIMIT=\"0\" (\(path), line 2): must be a whole number from 1 to 4194304",
                    "RTM_ENV_1 (environment): must have a letter or _ after the prefix, then letters, digits and _",
                    "RTM_ENV_a-b (flag --env): must have a letter or _ after the prefix, then letters, digits and _",
                ]
            )
        }
    }

    @Test("A most below the default that it bounds is refused")
    func maximaBelowDefaults() throws {
        let error = failure { () throws(SettingsError) in
            try load(environment: ["RTM_MAX_CPU_QUOTA": "0.5", "RTM_MAX_MEMORY": "256m", "RTM_MAX_PIDS_LIMIT": "100"])
        }
        #expect(
            try #require(error).problems.map(\.description) == [
                "RTM_MAX_CPU_QUOTA=\"0.5\" (environment): must not be below RTM_CPU_QUOTA (1.0)",
                "RTM_MAX_MEMORY=\"256m\" (environment): must not be below RTM_MEMORY (512m)",
                "RTM_MAX_PIDS_LIMIT=\"100\" (environment): must not be below RTM_PIDS_LIMIT (512)",
            ]
        )
        let settings = try load(environment: ["RTM_MAX_MEMORY": "512M", "RTM_MAX_CPU_QUOTA": "1"]).settings
        #expect(settings.maxMemory?.bytes == settings.memory.bytes)
    }

    @Test("A log driver that keeps no files gets no options for files")
    func logOptions() throws {
        #expect(try load(environment: ["RTM_LOG_DRIVER": "journald"]).settings.logOpts == [:])
        #expect(
            try load(environment: ["RTM_LOG_DRIVER": "none", "RTM_LOG_OPTS": "mode=non-blocking"]).settings.logOpts
                == ["mode": "non-blocking"]
        )
        let error = failure { () throws(SettingsError) in
            try load(environment: ["RTM_LOG_DRIVER": "journald", "RTM_LOG_OPTS": "max-size=10m"])
        }
        #expect(try #require(error).problems.map(\.name) == ["RTM_LOG_OPTS"])
    }

    @Test("Secrets of the Redis URL are not told")
    func maskedRedisURL() throws {
        let error = failure { () throws(SettingsError) in try load(environment: ["RTM_REDIS_URL": "http://u:pw@h/0"]) }
        let text = try #require(error).description
        #expect(text.contains("http://***@h/0") && !text.contains("pw"))
    }

    @Test(
        "No part of a URL that may be secret is shown",
        arguments: [
            ("redis://h:1/0", "redis://h:1/0"),
            ("redis://user:pw@h", "redis://***@h"),
            ("redis://:p@w@h", "redis://***@h"),
            ("redis://:p?w@h", "redis://***"),
            ("user:pw@h", "***@h"), ("us@er:pw@h:1", "***@h:1"), ("redis://us@er:pw@h:1/2", "redis://***@h:1/2"),
            ("redis://u:p%40w%3A@h", "redis://***@h"), ("redis://u:pw%40h", "redis://***"),
            ("redis://u:pw", "redis://***"),
            ("redis:u:pw", "***"), ("redis:/u:pw", "***"), ("pw", "***"), (":pw", "***"), ("h:1:pw", "***"),
            ("localhost:pw", "***"), ("pw://h", "***"), ("redis://:p#w@h", "redis://***"),
            ("redis://h/0#pw", "redis://h/0?***"),
            ("redis://:p/w@h", "redis://***@h"), ("rediss://[::1]:6380/1", "rediss://[::1]:6380/1"),
            ("redis://u:p w@h i", "redis://***"), ("unix:///run/r.sock", "unix:///run/r.sock"),
            ("redis+sentinel://:pw@a:1,b/m", "redis+sentinel://***"),
            ("unix:///run/r.sock?password=pw", "unix:///run/r.sock?***"),
            ("unix:///run/r.sock?password=p@w", "unix://***"),
        ]
    )
    func masking(url: String, shown: String) {
        #expect(MaskedURL.mask(url) == shown)
    }

    @Test("Names that are no settings are warned of, with the nearest that is one")
    func unknownNames() throws {
        let environment = [
            "RTM_REDIS_ULR": "x", "RTM_ENV_X": "1", "RTM_TEST_DOCKER_HOST": "x", "OTHER": "x",
            "RTM_PREFERRED_COLOUR": "x",
        ]
        try withFile("RTM_CONFIG=x\nRTM_SLOT=1\n") { path in
            let loaded = try load(flags: ["RTM_CONFIG": path], environment: environment)
            #expect(
                loaded.warnings == [
                    "RTM_PREFERRED_COLOUR in the environment is no setting and has no effect",
                    "RTM_REDIS_ULR in the environment is no setting and has no effect; did you mean RTM_REDIS_URL?",
                    "RTM_CONFIG in \(path), line 1 has no effect: a file cannot name another one",
                    "RTM_SLOT in \(path), line 2 is no setting and has no effect; did you mean RTM_SLOTS?",
                ]
            )
        }
    }

    @Test(
        "Files that a setting names must be readable",
        arguments: [
            "RTM_CONFIG", "RTM_HTTP_TOKEN_FILE", "RTM_SIGNING_KEY_FILE", "RTM_REDIS_PASSWORD_FILE", "RTM_REDIS_CA_FILE",
            "RTM_REDIS_CERT_FILE", "RTM_REDIS_KEY_FILE", "RTM_REDIS_SENTINEL_PASSWORD_FILE",
        ]
    )
    func unreadableFiles(name: String) throws {
        for path in ["/nonexistent/file", "/"] {
            let error = failure { () throws(SettingsError) in try load(environment: [name: path]) }
            #expect(try #require(error).problems.map(\.name) == [name])
        }
        try withFile("") { path in
            #expect(throws: Never.self) { try load(environment: [name: path]) }
        }
    }

    @Test("Who only asks for jobs does not need a worker's settings")
    func clientAudience() throws {
        let environment = ["RTM_MEMORY": "nonsense", "RTM_HTTP_TOKEN_FILE": "/nonexistent", "RTM_NAMESPACE": "other"]
        #expect(try load(environment: environment, for: .everyone).settings.namespace == "other")
    }
}

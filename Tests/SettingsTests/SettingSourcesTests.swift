import Foundation
import Support
import Testing

@testable import Settings

/// The settings of `source`, or the error's text.
private func load(_ source: SettingsSource) -> Result<LoadedSettings, SettingsError> {
    do throws(SettingsError) {
        return .success(try Settings.load(from: source, for: .worker))
    } catch {
        return .failure(error)
    }
}

@Suite("Sources of each setting")
struct SettingSourcesTests {
    /// For each setting, three different values. None depends on other settings or files.
    static let samples: [(name: String, values: [String])] = [
        ("RTM_REDIS_URL", ["redis://flag", "redis://environment", "redis://file"]),
        ("RTM_REDIS_SENTINEL_USER", ["flag", "environment", "file"]),
        ("RTM_NAMESPACE", ["flag", "environment", "file"]), ("RTM_NODE", ["flag", "environment", "file"]),
        ("RTM_QUEUES", ["flag,b", "environment", "file"]), ("RTM_CONCURRENCY", ["1", "2", "3"]),
        ("RTM_SLOTS", ["1", "2", "3"]), ("RTM_CAPACITY_MEMORY", ["1g", "2g", "3g"]),
        ("RTM_CAPACITY_CPU", ["1", "2", "3"]), ("RTM_LEASE_TTL_SECONDS", ["11", "12", "13"]),
        ("RTM_LEADER_TTL_SECONDS", ["1", "2", "3"]), ("RTM_NODE_GRACE_SECONDS", ["31", "32", "33"]),
        ("RTM_DRAIN_TIMEOUT_SECONDS", ["1", "2", "3"]), ("RTM_RETENTION_SECONDS", ["61", "62", "63"]),
        ("RTM_SIGNED_MAX_AGE_SECONDS", ["61", "62", "63"]), ("RTM_RETENTION_ENTRIES", ["1001", "1002", "1003"]),
        ("RTM_DEAD_BYTES", ["1m", "2m", "3m"]), ("RTM_JANITOR", ["off", "dry-run", "remove"]),
        ("RTM_JANITOR_GRACE_SECONDS", ["1", "2", "3"]), ("RTM_KEPT_CONTAINERS", ["1", "2", "3"]),
        ("RTM_HTTP", ["flag:1", "environment:2", "file:3"]),
        ("RTM_HTTP_USER_HEADER", ["X-Flag", "X-Environment", "X-File"]),
        ("RTM_OTLP_ENDPOINT", ["http://flag", "http://environment", "http://file"]),
        ("RTM_NETWORK", ["flag", "environment", "file"]), ("RTM_NAME_PREFIX", ["flag", "environment", "file"]),
        ("RTM_ENGINE_PORT", ["1", "2", "3"]), ("RTM_ADVERTISE", ["flag", "environment:1-2", "file"]),
        ("RTM_ADVERTISE_BIND", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]), ("RTM_START_SETTLE_MS", ["1", "2", "3"]),
        ("RTM_STATE_ROOT", ["/srv/flag", "/srv/environment", "/srv/file"]),
        ("RTM_STATE_MOUNT", ["/srv/flag", "/srv/environment", "/srv/file"]), ("RTM_STATE_OWNER", ["1", "2", "3:4"]),
        ("RTM_STATE_MODE", ["700", "0701", "0702"]), ("RTM_LOG_DRIVER", ["local", "journald", "none"]),
        ("RTM_LOG_OPTS", ["max-file=1", "max-file=2", ""]), ("RTM_CAP_ADD", ["CHOWN", "KILL", "FOWNER"]),
        ("RTM_USER", ["1", "2", "3:4"]), ("RTM_CPU_QUOTA", ["1.1", "1.2", "1.3"]),
        ("RTM_MEMORY", ["7m", "8m", "9m"]), ("RTM_PIDS_LIMIT", ["1", "2", "3"]),
        ("RTM_MAX_CPU_QUOTA", ["1.1", "1.2", "1.3"]), ("RTM_MAX_MEMORY", ["513m", "514m", "515m"]),
        ("RTM_MAX_PIDS_LIMIT", ["513", "514", "515"]), ("RTM_ALLOWED_IMAGES", ["flag", "environment", "file"]),
        ("RTM_ALLOWED_MOUNT_ROOTS", ["/srv/flag", "/srv/environment:ro", "/srv/file"]),
        ("RTM_ALLOWED_LABELS", ["flag", "environment", "file"]),
        ("RTM_MAX_STOP_TIMEOUT_SECONDS", ["31", "32", "33"]), ("RTM_MAX_READY_TIMEOUT_SECONDS", ["1", "2", "3"]),
        ("RTM_LOG_LEVEL", ["trace", "debug", "error"]),
    ]

    private func withFile<Value>(_ text: String, _ body: (String) throws -> Value) throws -> Value {
        let directory = try temporaryDirectory("settings")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/settings"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try body(path)
    }

    @Test("each setting comes from its flag, else from the environment, else from the file", arguments: samples)
    func precedence(name: String, values: [String]) throws {
        try #require(Set(values).count == 3)
        let descriptor = try #require(SettingDescriptor.named(name))
        try withFile("\(name)=\(values[2])\n") { path in
            let sources = [
                SettingsSource(flags: [name: values[0]], environment: [name: values[1], "RTM_CONFIG": path], cores: 4),
                SettingsSource(environment: [name: values[1], "RTM_CONFIG": path], cores: 4),
                SettingsSource(environment: ["RTM_CONFIG": path], cores: 4),
            ]
            for (value, source) in zip(values, sources) {
                var expected = Settings(cores: 4)
                #expect(descriptor.assign(value, to: &expected))
                expected.configFile = path
                // Drivers without files of their own have no default options.
                if name == "RTM_LOG_DRIVER", value != "local" { expected.logOpts = [:] }
                #expect(expected != Settings(cores: 4))
                let loaded = try load(source).get()
                #expect(loaded == LoadedSettings(settings: expected))
            }
        }
    }

    @Test("the samples are of all settings but switches, formats and those that name files")
    func complete() {
        let others = [
            "RTM_NO_WAIT", "RTM_STOP_WHEN_CUT_OFF", "RTM_READ_ONLY_ROOTFS", "RTM_LOG_FORMAT", "RTM_PLACEMENT",
            "RTM_HTTP_ACTIONS",
        ]
        let expected = SettingDescriptor.all.filter { !$0.namesFile && !others.contains($0.name) }.map(\.name)
        #expect(Self.samples.map(\.name) == expected)
    }

    @Test("a wrong value is reported with the place that won", arguments: ["RTM_SLOTS", "RTM_CPU_QUOTA", "RTM_USER"])
    func places(name: String) throws {
        let allowed = try #require(SettingDescriptor.named(name)).allowed
        let flag = name.dropFirst(4).lowercased().replacing("_", with: "-")
        try withFile("# first line\n\(name)=in a file\n") { path in
            func lines(_ flags: [String: String], _ environment: [String: String]) -> [String] {
                let environment = environment.merging(["RTM_CONFIG": path]) { $1 }
                let source = SettingsSource(flags: flags, environment: environment, cores: 4)
                guard case .failure(let error) = load(source) else { return [] }
                return error.problems.map(\.description)
            }
            let rest = ": must be \(allowed)"
            #expect(
                lines([name: "a flag"], [name: "a variable"]) == ["\(name)=\"a flag\" (flag --\(flag))\(rest)"]
            )
            #expect(lines([:], [name: "a variable"]) == ["\(name)=\"a variable\" (environment)\(rest)"])
            #expect(lines([:], [:]) == ["\(name)=\"in a file\" (\(path), line 2)\(rest)"])
        }
    }

    @Test("the path of the file comes from the flag, else from the environment, and an empty path is none")
    func fileName() throws {
        try withFile("RTM_SLOTS=1\n") { first in
            try withFile("RTM_SLOTS=2\n") { second in
                func slots(_ flags: [String: String], _ environment: [String: String]) throws -> Int {
                    try load(SettingsSource(flags: flags, environment: environment)).get().settings.slots
                }
                let found = [
                    try slots(["RTM_CONFIG": first], ["RTM_CONFIG": second]), try slots([:], ["RTM_CONFIG": second]),
                    try slots(["RTM_CONFIG": ""], ["RTM_CONFIG": second]), try slots([:], ["RTM_CONFIG": ""]),
                ]
                #expect(found == [1, 2, 0, 0])
            }
        }
    }

    @Test("the whole error has a line for each problem, then the warnings")
    func whole() {
        let one = SettingsSource(environment: ["RTM_SLOTS": "x"])
        let two = SettingsSource(environment: [
            "RTM_SLOTS": "x", "RTM_NODE": "a b", "RTM_SLOT": "1", "RTM_ZZZZZZZZ": "",
        ])
        #expect(
            load(one).error?.description == """
                1 wrong setting:
                  RTM_SLOTS="x" (environment): must be a whole number from 0 to 1000000
                """
        )
        #expect(
            load(two).error?.description == """
                2 wrong settings:
                  RTM_NODE="a b" (environment): must be 1 to 128 of A-Z a-z 0-9 : _ . -
                  RTM_SLOTS="x" (environment): must be a whole number from 0 to 1000000
                  warning: RTM_SLOT in the environment is no setting and has no effect; did you mean RTM_SLOTS?
                  warning: RTM_ZZZZZZZZ in the environment is no setting and has no effect
                """
        )
    }

    @Test(
        "a misspelt name gets the nearest setting, and a strange name gets none",
        arguments: [
            ("RTM_LEASE_TTL_SECOND", "RTM_LEASE_TTL_SECONDS"), ("RTM_REDIS", nil), ("RTM_MEM", nil),
            ("RTM_CPUQUOTA", "RTM_CPU_QUOTA"), ("RTM_QUEUE", "RTM_QUEUES"), ("RTM_JANITOR_GRACE", nil),
            ("RTM_COMPLETELY_DIFFERENT_THING", nil),
        ] as [(String, String?)]
    )
    func nearest(name: String, expected: String?) {
        #expect(nearestName(to: name, among: SettingDescriptor.all.map(\.name)) == expected)
    }
}

extension Result {
    fileprivate var error: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}

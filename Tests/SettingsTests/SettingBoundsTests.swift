import Primitives
import Testing

@testable import Settings

/// A setting with a whole number: its bounds, and the words of its error message.
struct NumberSetting: CustomTestStringConvertible, Sendable {
    var name: String
    var least: Int
    var most: Int
    var unit = ""
    var field: any KeyPath<Settings, Int> & Sendable

    var testDescription: String { name }
    var sentence: String { "must be a whole number\(unit) from \(least) to \(most)" }

    init(_ name: String, _ range: ClosedRange<Int>, _ unit: String, _ field: any KeyPath<Settings, Int> & Sendable) {
        (self.name, least, most) = (name, range.lowerBound, range.upperBound)
        self.unit = unit.isEmpty ? "" : " of " + unit
        self.field = field
    }

    static let all: [NumberSetting] = [
        .init("RTM_CONCURRENCY", 1...1024, "", \.concurrency),
        .init("RTM_SLOTS", 0...1_000_000, "", \.slots),
        .init("RTM_LEASE_TTL_SECONDS", 2...300, "seconds", \.leaseTTLSeconds),
        .init("RTM_LEADER_TTL_SECONDS", 1...60, "seconds", \.leaderTTLSeconds),
        .init("RTM_NODE_GRACE_SECONDS", 30...86_400, "seconds", \.nodeGraceSeconds),
        .init("RTM_DRAIN_TIMEOUT_SECONDS", 0...3_600, "seconds", \.drainTimeoutSeconds),
        .init("RTM_RETENTION_SECONDS", 60...31_536_000, "seconds", \.retentionSeconds),
        .init("RTM_SIGNED_MAX_AGE_SECONDS", 60...2_592_000, "seconds", \.signedMaxAgeSeconds),
        .init("RTM_RETENTION_ENTRIES", 1_000...100_000_000, "", \.retentionEntries),
        .init("RTM_JANITOR_GRACE_SECONDS", 1...604_800, "seconds", \.janitorGraceSeconds),
        .init("RTM_KEPT_CONTAINERS", 1...100_000, "", \.keptContainers),
        .init("RTM_ENGINE_PORT", 1...65_535, "", \.enginePort),
        .init("RTM_START_SETTLE_MS", 0...60_000, "milliseconds", \.startSettleMilliseconds),
        .init("RTM_PIDS_LIMIT", 1...4_194_304, "", \.pidsLimit),
        .init("RTM_MAX_PIDS_LIMIT", 1...4_194_304, "", \.maxPIDsLimit!),
        .init("RTM_MAX_STOP_TIMEOUT_SECONDS", 30...600, "seconds", \.maxStopTimeoutSeconds),
        .init("RTM_MAX_READY_TIMEOUT_SECONDS", 0...600, "seconds", \.maxReadyTimeoutSeconds),
    ]
}

@Suite("Bounds of settings")
struct SettingBoundsTests {
    /// The lines of the error for a setting in the environment.
    private func problems(_ name: String, _ text: String) -> [String] {
        do throws(SettingsError) {
            _ = try Settings.load(from: SettingsSource(environment: [name: text], cores: 4), for: .worker)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("the least and the most of a number are taken as they are", arguments: NumberSetting.all)
    func bounds(_ setting: NumberSetting) throws {
        for value in [setting.least, setting.most] {
            var settings = Settings(cores: 4)
            let isTaken = try #require(SettingDescriptor.named(setting.name)).assign("\(value)", to: &settings)
            #expect(isTaken, "\(value)")
            #expect(settings[keyPath: setting.field] == value)
        }
    }

    @Test("a number beyond its bounds, or text that is no number, gets the sentence", arguments: NumberSetting.all)
    func beyond(_ setting: NumberSetting) {
        let texts = [
            "\(setting.least - 1)", "\(setting.most + 1)", "x", "1.5", "+60", " 60", "60s", "0x3c", "1e2", "６０",
            "99999999999999999999",
        ]
        for text in texts {
            #expect(problems(setting.name, text) == ["\(setting.name)=\"\(text)\" (environment): \(setting.sentence)"])
        }
    }

    /// Settings of other kinds: a wrong text, and what the message says about the allowed ones.
    static let sentences: [(name: String, text: String, allowed: String)] = [
        (
            "RTM_REDIS_URL", "redis://",
            """
            redis://HOST[:PORT][/DB], rediss://HOST[:PORT][/DB], redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER[/DB] \
            or unix:///PATH
            """
        ),
        ("RTM_REDIS_PASSWORD_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_REDIS_CA_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_REDIS_CERT_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_REDIS_KEY_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_REDIS_SENTINEL_USER", "a b", "printable ASCII without spaces"),
        ("RTM_REDIS_SENTINEL_PASSWORD_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_NAMESPACE", "a b", "1 to 64 of A-Z a-z 0-9 _ . -"),
        ("RTM_SIGNING_KEY_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_NODE", "a/b", "1 to 128 of A-Z a-z 0-9 : _ . -"),
        ("RTM_QUEUES", "a,a", "names of 1 to 64 of A-Z a-z 0-9 _ . -, separated by commas, none twice"),
        ("RTM_NO_WAIT", "on", "true or false (also 1, 0, yes, no)"),
        (
            "RTM_ADVERTISE", "h:2-1",
            "HOST or HOST:FIRST-LAST: a name, an IPv4 address or an IPv6 address in brackets, and ports from 1 to 65535"
        ),
        ("RTM_ADVERTISE_BIND", "localhost", "an IP address"),
        ("RTM_CAPACITY_MEMORY", "5m", "0, or an amount from 6m, as 512m or 2g"),
        ("RTM_CAPACITY_CPU", "two", "a number of CPUs from 0 to 100000"),
        ("RTM_PLACEMENT", "random", "spread or pack"),
        ("RTM_STOP_WHEN_CUT_OFF", "on", "true or false (also 1, 0, yes, no)"),
        ("RTM_DEAD_BYTES", "1023k", "1m to 4g, as 16m or 2g"),
        ("RTM_JANITOR", "dryRun", "off, dry-run, report or remove"),
        ("RTM_HTTP", "8081", "HOST:PORT with a port from 0 to 65535, or empty"),
        ("RTM_HTTP_TOKEN_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_HTTP_READ_TOKEN_FILE", "a\u{1}b", "the path of a file that can be read"),
        ("RTM_HTTP_ACTIONS", "true", "on or off"),
        ("RTM_HTTP_USER_HEADER", "X:Y", "the name of a header: 1 to 64 of A-Z a-z 0-9 -"),
        ("RTM_OTLP_ENDPOINT", "http:///x", "http://HOST:PORT or https://HOST:PORT, with or without /v1/traces"),
        (
            "RTM_NETWORK", "host",
            "2 to 63 of A-Z a-z 0-9 _ . -, a letter or digit first, and none of none host bridge default"
        ),
        ("RTM_NAME_PREFIX", "-a", "1 to 61 of a-z 0-9 -, a letter or digit first"),
        ("RTM_STATE_ROOT", "/a/..", "an absolute path other than / and without .."),
        (
            "RTM_STATE_MOUNT", "/usr/x",
            "an absolute path other than / and without .., outside of /etc, /usr and the like"
        ),
        ("RTM_STATE_OWNER", "1:2:3", "USER[:GROUP], each a name or a number"),
        ("RTM_STATE_MODE", "0980", "3 or 4 octal digits"),
        ("RTM_LOG_DRIVER", "syslog", "json-file, local, journald or none"),
        (
            "RTM_LOG_OPTS", "labels=a",
            "NAME=VALUE,... with names of max-size, max-file, compress, mode or max-buffer-size, each at most once and "
                + "with a value that Docker takes, or empty"
        ),
        (
            "RTM_CAP_ADD", "ALL",
            "capability names (NET_BIND_SERVICE,...) without ALL, separated by commas, none twice, or empty"
        ),
        ("RTM_READ_ONLY_ROOTFS", "2", "true or false (also 1, 0, yes, no)"),
        ("RTM_USER", "a b", "USER[:GROUP], each a name or a number"),
        ("RTM_CPU_QUOTA", "0.009", "a number of CPUs from 0.01 to 4096"),
        ("RTM_MEMORY", "5m", "a whole number with a unit (512m, 2g), 6m or more"),
        ("RTM_MAX_CPU_QUOTA", "4097", "a number of CPUs from 0.01 to 4096"),
        ("RTM_MAX_MEMORY", "x", "a whole number with a unit (512m, 2g), 6m or more"),
        ("RTM_ALLOWED_IMAGES", "a b", "globs without blanks, separated by commas, none twice, or empty"),
        (
            "RTM_ALLOWED_MOUNT_ROOTS", "/a:rw",
            "absolute paths other than / and without .., each with :ro or without, separated by commas, none twice, "
                + "or empty"
        ),
        ("RTM_ALLOWED_LABELS", "x,x", "globs without blanks, separated by commas, none twice"),
        ("RTM_LOG_LEVEL", "loud", "trace, debug, info, notice, warning, error or critical"),
        ("RTM_LOG_FORMAT", "xml", "text or json"),
    ]

    @Test("a wrong text gets a sentence with the allowed values", arguments: sentences)
    func sentence(name: String, text: String, allowed: String) {
        let shown = text == "a\u{1}b" ? #"a\u0001b"# : text
        #expect(problems(name, text) == ["\(name)=\"\(shown)\" (environment): must be \(allowed)"])
    }

    @Test("every setting has its sentence here; the settings file has sentences of its own")
    func complete() {
        let tested = NumberSetting.all.map(\.name) + Self.sentences.map(\.name) + [SettingDescriptor.configName]
        #expect(tested.sorted() == SettingDescriptor.all.map(\.name).sorted())
    }

    @Test(
        "amounts, fractions and lists at their bounds",
        arguments: [
            ("RTM_DEAD_BYTES", "1m", true), ("RTM_DEAD_BYTES", "4g", true), ("RTM_DEAD_BYTES", "1048575", false),
            ("RTM_DEAD_BYTES", "4097m", false), ("RTM_MEMORY", "6m", true), ("RTM_MEMORY", "6291455", false),
            ("RTM_MAX_MEMORY", "512m", true), ("RTM_MAX_MEMORY", "6291455", false), ("RTM_CPU_QUOTA", "0.01", true),
            ("RTM_MAX_CPU_QUOTA", "4096", true), ("RTM_MAX_CPU_QUOTA", "4096.01", false),
            ("RTM_NETWORK", String(repeating: "n", count: 63), true),
            ("RTM_NETWORK", String(repeating: "n", count: 64), false),
            ("RTM_NODE", String(repeating: "n", count: 128), true),
            ("RTM_QUEUES", String(repeating: "q", count: 64), true),
            ("RTM_QUEUES", String(repeating: "q", count: 65), false),
            ("RTM_USER", "u" + String(repeating: "x", count: 31), true),
            ("RTM_USER", "u" + String(repeating: "x", count: 32), false), ("RTM_USER", "4294967294", true),
            ("RTM_STATE_ROOT", "/" + String(repeating: "x", count: 4_095), true),
            ("RTM_STATE_ROOT", "/" + String(repeating: "x", count: 4_096), false),
            ("RTM_ALLOWED_IMAGES", String(repeating: "x", count: 512), true),
            ("RTM_ALLOWED_IMAGES", String(repeating: "x", count: 513), false),
            ("RTM_HTTP", "h:65535", true), ("RTM_HTTP", "h:65536", false),
            ("RTM_LOG_OPTS", "max-file=1000", true), ("RTM_LOG_OPTS", "max-file=1001", false),
        ]
    )
    func others(name: String, text: String, isAllowed: Bool) {
        let found = problems(name, text)
        #expect(found.isEmpty == isAllowed, "\(found)")
    }

    @Test("a long value is cut in the message")
    func longValue() {
        let shown = String(repeating: "x", count: 200)
        #expect(
            problems("RTM_SLOTS", shown + "y") == [
                "RTM_SLOTS=\"\(shown)...\" (environment): must be a whole number from 0 to 1000000"
            ]
        )
    }
}

import Logging
import Primitives
import Testing

@testable import Settings

/// Whether the setting `name` takes `text`.
private func takes(_ name: String, _ text: String) throws -> Bool {
    var settings = Settings(cores: 4)
    return try #require(SettingDescriptor.named(name)).assign(text, to: &settings)
}

@Suite("Values of settings")
struct SettingValuesTests {
    static let allowed: [(String, [String])] = [
        (
            "RTM_REDIS_URL",
            [
                "redis://h", "rediss://u:p@h:6380/2", "redis://[::1]:6379", "unix:///run/redis.sock", "REDIS://h",
                "redis://h1,h2:7000", "redis+sentinel://s1,s2:26380/games", "rediss+sentinel://u:p@s1/games/2",
            ]
        ),
        ("RTM_REDIS_SENTINEL_USER", ["ann"]),
        ("RTM_NAMESPACE", ["rtm", "A.b_c-9", String(repeating: "x", count: 64)]),
        ("RTM_NODE", ["ABCD:EFGH:1234", "node-1.example"]),
        ("RTM_QUEUES", ["default", "urgent, default ,bulk"]),
        ("RTM_CONCURRENCY", ["1", "1024"]),
        ("RTM_SLOTS", ["0", "100"]), ("RTM_CAPACITY_MEMORY", ["0", "6m", "64g"]),
        ("RTM_CAPACITY_CPU", ["0", "0.5", "100000"]), ("RTM_PLACEMENT", ["spread", "pack"]),
        ("RTM_LEASE_TTL_SECONDS", ["2", "300"]),
        ("RTM_LEADER_TTL_SECONDS", ["1", "60"]),
        ("RTM_NODE_GRACE_SECONDS", ["30", "86400"]),
        ("RTM_DRAIN_TIMEOUT_SECONDS", ["0", "3600"]),
        ("RTM_RETENTION_SECONDS", ["60", "31536000"]),
        ("RTM_RETENTION_ENTRIES", ["1000", "100000000"]), ("RTM_DEAD_BYTES", ["1m", "16m", "4g"]),
        ("RTM_JANITOR", ["off", "dry-run", "report", "remove"]),
        ("RTM_JANITOR_GRACE_SECONDS", ["1", "604800"]),
        ("RTM_HTTP", ["", "127.0.0.1:8081", "[::1]:80", "localhost:0"]),
        ("RTM_HTTP_ACTIONS", ["on", "off"]), ("RTM_HTTP_USER_HEADER", ["X-Remote-User", "a"]),
        ("RTM_OTLP_ENDPOINT", ["", "http://127.0.0.1:4318", "https://collector.example/otlp"]),
        ("RTM_NETWORK", ["galaxy-net", "a1", "A.b_c"]),
        ("RTM_NAME_PREFIX", ["g", "galaxy-game-", String(repeating: "x", count: 61)]),
        ("RTM_ENGINE_PORT", ["1", "65535"]),
        ("RTM_START_SETTLE_MS", ["0", "60000"]), ("RTM_ADVERTISE_BIND", ["10.0.0.1", "0.0.0.0", "::1"]),
        (
            "RTM_ADVERTISE",
            ["10.0.0.1", "games.example", "games.example:30000-30999", "[2001:db8::1]", "[2001:db8::1]:1-65535"]
        ),
        ("RTM_STATE_ROOT", ["/var/lib/x", "/a..b/c", "/a b"]),
        ("RTM_STATE_MOUNT", ["/data"]),
        ("RTM_STATE_OWNER", ["1000", "1000:1000", "games", "games:games", "root:0"]),
        ("RTM_STATE_MODE", ["0750", "700", "1777"]),
        ("RTM_CPU_QUOTA", ["0.01", "1", "2.5"]),
        ("RTM_MEMORY", ["6m", "6291456", "512M", "2gb", "1G"]),
        ("RTM_PIDS_LIMIT", ["1", "4194304"]),
        ("RTM_LOG_DRIVER", ["json-file", "local", "none", "journald"]),
        ("RTM_LOG_OPTS", ["", "max-size=10m,max-file=3", "compress=true, mode=non-blocking,max-buffer-size=4m"]),
        ("RTM_CAP_ADD", ["", "NET_BIND_SERVICE", "cap_sys_nice,CHOWN"]),
        ("RTM_READ_ONLY_ROOTFS", ["true", "FALSE", "1", "0", "yes", "No"]),
        ("RTM_NO_WAIT", ["true", "FALSE", "1", "0", "yes", "No"]),
        ("RTM_STOP_WHEN_CUT_OFF", ["true", "FALSE", "1", "0", "yes", "No"]),
        ("RTM_USER", ["1000:1000", "nobody"]),
        ("RTM_ALLOWED_IMAGES", ["", "registry.example/*,engine:1.?", "x@sha256:*"]),
        ("RTM_ALLOWED_MOUNT_ROOTS", ["", "/srv/maps,/srv/mods/:ro"]),
        ("RTM_SIGNED_MAX_AGE_SECONDS", ["60", "2592000"]), ("RTM_ALLOWED_LABELS", ["team.*,x"]),
        ("RTM_MAX_STOP_TIMEOUT_SECONDS", ["30", "600"]), ("RTM_KEPT_CONTAINERS", ["1", "100000"]),
        ("RTM_MAX_READY_TIMEOUT_SECONDS", ["0", "600"]),
        ("RTM_LOG_LEVEL", ["trace", "WARNING"]),
        ("RTM_LOG_FORMAT", ["text", "json"]),
    ]

    static let refused: [(String, [String])] = [
        (
            "RTM_REDIS_URL",
            [
                "", "localhost:6379", "http://h", "redis://", "redis://:6379", "redis://h h", "unix://h", "unix:///",
                "redis+sentinel://s1", "redis+sentinel:///games",
            ]
        ),
        ("RTM_REDIS_SENTINEL_USER", ["a b"]),
        ("RTM_NAMESPACE", ["a b", "{a}", "a{b", "ä", String(repeating: "x", count: 65)]),
        ("RTM_NODE", ["a b", "a/b", String(repeating: "x", count: 129)]),
        ("RTM_QUEUES", ["a,,b", "a,", "a,a", "a:b"]),
        ("RTM_CONCURRENCY", ["0", "1025", "-1", "+1", " 1", "1.0", "99999999999999999999"]),
        ("RTM_SLOTS", ["-1", "x"]), ("RTM_CAPACITY_MEMORY", ["5m", "-1", "half"]),
        ("RTM_CAPACITY_CPU", ["-1", "100001", "two"]), ("RTM_PLACEMENT", ["", "Spread", "random"]),
        ("RTM_LEASE_TTL_SECONDS", ["1", "301", "10s"]),
        ("RTM_LEADER_TTL_SECONDS", ["0", "61"]),
        ("RTM_NODE_GRACE_SECONDS", ["29", "86401"]),
        ("RTM_DRAIN_TIMEOUT_SECONDS", ["3601"]),
        ("RTM_RETENTION_SECONDS", ["59", "31536001"]),
        ("RTM_RETENTION_ENTRIES", ["999", "100000001"]), ("RTM_DEAD_BYTES", ["", "1023k", "5g", "many"]),
        ("RTM_JANITOR", ["on", "Remove", "dryRun"]),
        ("RTM_JANITOR_GRACE_SECONDS", ["0", "604801"]),
        ("RTM_HTTP_ACTIONS", ["", "true", "On"]),
        ("RTM_HTTP_USER_HEADER", ["X Y", "X:", "Ü", String(repeating: "a", count: 65)]),
        ("RTM_HTTP", ["8081", ":8081", "h:65536", "h:", "::1:80", "[h]:80", "h h:80", "http://h:80"]),
        ("RTM_OTLP_ENDPOINT", ["collector:4318", "grpc://h:4317", "http://", "http://u:p@h:1", "http://:4318"]),
        ("RTM_NETWORK", ["host", "none", "bridge", "default", "x", "-a", "a b", "container:x"]),
        ("RTM_NAME_PREFIX", ["", "-a", "Galaxy-", "a_b", "a.b", String(repeating: "x", count: 62)]),
        ("RTM_ENGINE_PORT", ["0", "65536"]),
        ("RTM_START_SETTLE_MS", ["-1", "60001", "1.5", "1s"]),
        ("RTM_ADVERTISE_BIND", ["games.example", "[::1]", "1.2"]),
        (
            "RTM_ADVERTISE",
            [
                "a b", ":1-2", "h:", "h:1", "h:2-1", "h:0-1", "h:1-65536", "h:1-2-3", "::1", "[::1", "[h]", "http://h",
            ]
        ),
        ("RTM_STATE_ROOT", ["", "/", "relative", "/a/../b", "/..", "/a/./b", "/a\nb", "/a/../\u{301}b"]),
        ("RTM_STATE_OWNER", ["a b", ":", "1:", ":1", "1:2:3", "-1", "4294967295"]),
        ("RTM_STATE_MODE", ["75", "0980", "rwx", "07500", "+75"]),
        ("RTM_CPU_QUOTA", ["0", "0.009", "-1", "nan", "inf", "1e2", "0x1", "4097", "1,5"]),
        ("RTM_MEMORY", ["5m", "0", "-1", "512x", "m", "1..5g", ".5g", "1.g", "9999999p", "512 mm", "６４m"]),
        ("RTM_PIDS_LIMIT", ["0", "4194305"]),
        ("RTM_LOG_DRIVER", ["syslog", "JSON-FILE"]),
        (
            "RTM_LOG_OPTS",
            [
                "max-size", "max-size=x", "max-size=1m,max-size=2m", "labels=a", "max-file=0", "mode=x", ",",
                "compress=1",
            ]
        ),
        ("RTM_CAP_ADD", ["ALL", "NET", "CHOWN,CAP_CHOWN", "CHOWN,"]),
        ("RTM_READ_ONLY_ROOTFS", ["on", "2"]), ("RTM_NO_WAIT", ["on", "2"]),
        ("RTM_STOP_WHEN_CUT_OFF", ["on", "2"]),
        ("RTM_USER", ["a b", "1:2:3"]),
        ("RTM_ALLOWED_IMAGES", ["a b", "a,a", ","]),
        (
            "RTM_ALLOWED_MOUNT_ROOTS",
            [
                "/", "srv", "/a,/b/..", "/a,/a/", "/a:rw", "/a:b:ro",
            ]
        ), ("RTM_SIGNED_MAX_AGE_SECONDS", ["59", "2592001"]), ("RTM_ALLOWED_LABELS", ["a b", "x,x"]),
        ("RTM_MAX_STOP_TIMEOUT_SECONDS", ["29", "601"]), ("RTM_KEPT_CONTAINERS", ["0", "100001", "x"]),
        ("RTM_MAX_READY_TIMEOUT_SECONDS", ["-1", "601"]),
        ("RTM_LOG_LEVEL", ["loud"]),
        ("RTM_LOG_FORMAT", ["xml", "JSON"]),
    ]

    @Test("takes what is allowed", arguments: allowed)
    func takesAllowed(name: String, values: [String]) throws {
        for value in values { #expect(try takes(name, value), "\(name)=\(value)") }
    }

    @Test("refuses what is not", arguments: refused)
    func refusesOthers(name: String, values: [String]) throws {
        for value in values { #expect(try !takes(name, value), "\(name)=\(value)") }
    }

    @Test("refuses a control character in every setting", arguments: SettingDescriptor.all.map(\.name))
    func refusesControlCharacters(name: String) throws {
        #expect(try !takes(name, "\u{1}"))
    }

    @Test("Every setting has a sample of both kinds here or is one of a family that has")
    func everySettingIsTested() {
        let families: Set = [
            "RTM_CONFIG", "RTM_SIGNING_KEY_FILE", "RTM_HTTP_TOKEN_FILE", "RTM_HTTP_READ_TOKEN_FILE",
            "RTM_REDIS_PASSWORD_FILE", "RTM_STATE_MOUNT",
            "RTM_REDIS_CA_FILE", "RTM_REDIS_CERT_FILE", "RTM_REDIS_KEY_FILE", "RTM_REDIS_SENTINEL_PASSWORD_FILE",
            "RTM_MAX_CPU_QUOTA",
            "RTM_MAX_MEMORY", "RTM_MAX_PIDS_LIMIT",
        ]
        let names = Set(SettingDescriptor.all.map(\.name)).subtracting(families)
        #expect(names == Set(Self.refused.map(\.0)))
        #expect(names.isSubset(of: Set(Self.allowed.map(\.0))))
    }

    @Test("Values come out as they are meant")
    func meaning() throws {
        var settings = Settings(cores: 4)
        for (name, text) in [
            ("RTM_QUEUES", "b, a"), ("RTM_HTTP", "[::1]:80"), ("RTM_STATE_MODE", "0700"), ("RTM_CAP_ADD", "cap_chown"),
            ("RTM_MEMORY", "1536m"), ("RTM_STATE_ROOT", "/srv//games/"), ("RTM_LOG_LEVEL", "Error"),
        ] {
            #expect(try #require(SettingDescriptor.named(name)).assign(text, to: &settings))
        }
        #expect(settings.queues == ["b", "a"])
        #expect(settings.http == HTTPAddress(host: "::1", port: 80))
        #expect(settings.stateMode == 448)
        #expect(settings.capAdd == ["CHOWN"])
        #expect(settings.memory.text == "1536m" && settings.memory.bytes == 1_610_612_736)
        #expect(settings.stateRoot == "/srv/games")
        #expect(settings.logLevel == .error)
    }
}

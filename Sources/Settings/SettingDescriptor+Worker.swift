import DockerPort
import Primitives
import RuntimeCore

extension SettingDescriptor {
    /// The settings of a worker process: queues, capacity, timeouts, retention, janitor, HTTP server and tracing.
    package static let worker: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_NODE",
            "Id of this node; empty: the Docker Engine's own id",
            allowed: "1 to 128 of A-Z a-z 0-9 : _ . -",
            valueName: "id",
            isRare: true,
            assign: .optional(\.node) { SettingRule.word($0, ":_.-", upTo: 128) ? $0 : nil }
        ),
        SettingDescriptor(
            "RTM_QUEUES",
            "Queues, the most urgent first",
            default: "default",
            allowed: "names of 1 to 64 of A-Z a-z 0-9 _ . -, separated by commas, none twice",
            valueName: "names",
            assign: .field(\.queues, SettingRule.queues)
        ),
        SettingDescriptor(
            "RTM_CONCURRENCY",
            "Starts at once, and as many stops; empty: 2 a core",
            allowed: "a whole number from 1 to 1024",
            valueName: "n",
            assign: .field(\.concurrency, SettingRule.number(1...1024))
        ),
        SettingDescriptor(
            "RTM_NO_WAIT",
            "Exit with 3 if Redis or Docker is out of reach at the start, instead of waiting",
            default: "false",
            allowed: "true or false (also 1, 0, yes, no)",
            valueName: "bool",
            isRare: true,
            assign: .field(\.noWait, SettingRule.flag)
        ),
        SettingDescriptor(
            "RTM_SLOTS",
            "Most games on this node; 0: no bound",
            default: "0",
            allowed: "a whole number from 0 to 1000000",
            valueName: "n",
            assign: .field(\.slots, SettingRule.number(0...1_000_000))
        ),
        seconds(
            "RTM_LEASE_TTL_SECONDS",
            \.leaseTTLSeconds,
            "Silence after which a worker's jobs run elsewhere",
            10,
            2...300
        ),
        seconds(
            "RTM_LEADER_TTL_SECONDS",
            \.leaderTTLSeconds,
            "Silence after which another worker leads the node",
            5,
            1...60
        ),
        seconds(
            "RTM_NODE_GRACE_SECONDS",
            \.nodeGraceSeconds,
            "Absence after which a node counts as lost",
            300,
            0...86_400
        ),
        seconds(
            "RTM_DRAIN_TIMEOUT_SECONDS",
            \.drainTimeoutSeconds,
            "Time for running jobs to end at shutdown",
            30,
            0...3600
        ),
        seconds(
            "RTM_RETENTION_SECONDS",
            \.retentionSeconds,
            "How long results and ids are kept",
            604_800,
            60...31_536_000
        ),
        seconds(
            "RTM_SIGNED_MAX_AGE_SECONDS",
            \.signedMaxAgeSeconds,
            "Age of a signed job above which intake rejects it",
            86_400,
            60...2_592_000
        ),
        SettingDescriptor(
            "RTM_RETENTION_ENTRIES",
            "Entries that each stream keeps",
            default: "1000000",
            allowed: "a whole number from 1000 to 100000000",
            valueName: "n",
            isRare: true,
            assign: .field(\.retentionEntries, SettingRule.number(1000...100_000_000))
        ),
        SettingDescriptor(
            "RTM_DEAD_BYTES",
            "Memory for dead letters; the oldest go first",
            default: "16m",
            allowed: "1m to 4g, as 16m or 2g",
            valueName: "amount",
            isRare: true,
            assign: .field(\.deadBytes) { text in
                MemorySize(text).flatMap { (1 << 20...4 << 30).contains($0.bytes) ? Int($0.bytes) : nil }
            }
        ),
        SettingDescriptor(
            "RTM_JANITOR",
            "What the janitor does with containers that nothing needs",
            default: "report",
            allowed: JanitorMode.allCases.map(\.rawValue).joined(separator: ", "),
            valueName: "mode",
            isRare: true,
            assign: .field(\.janitor) { JanitorMode(rawValue: $0) }
        ),
        seconds(
            "RTM_JANITOR_GRACE_SECONDS",
            \.janitorGraceSeconds,
            "How long a container must be without need before it is removed",
            600,
            1...604_800
        ),
        SettingDescriptor(
            "RTM_KEPT_CONTAINERS",
            "Ended containers that the node keeps for their logs",
            default: "200",
            allowed: "a whole number from 1 to 100000",
            valueName: "n",
            isRare: true,
            assign: .field(\.keptContainers, SettingRule.number(1...100_000))
        ),
        SettingDescriptor(
            "RTM_HTTP",
            "Address of health, metrics and dashboard; empty: none",
            default: "127.0.0.1:8081",
            allowed: "HOST:PORT with a port from 0 to 65535, or empty",
            valueName: "host:port",
            emptyIsValue: true,
            assign: .optional(\.http, SettingRule.address)
        ),
        SettingDescriptor(
            "RTM_HTTP_TOKEN_FILE",
            "File with the token that HTTP requests must bear",
            allowed: "the path of a file that can be read",
            valueName: "path",
            isRare: true,
            namesFile: true,
            assign: .optional(\.httpTokenFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_OTLP_ENDPOINT",
            "Collector that spans are sent to by OTLP/HTTP; empty: none are made",
            allowed: "http://HOST:PORT or https://HOST:PORT, with or without /v1/traces",
            valueName: "url",
            isRare: true,
            disclosure: .maskedURL,
            assign: .optional(\.otlpEndpoint, SettingRule.httpURL)
        ),
    ]

    package static func seconds(
        _ name: String,
        _ field: any WritableKeyPath<Settings, Int> & Sendable,
        _ summary: String,
        _ defaultValue: Int,
        _ range: ClosedRange<Int>
    ) -> SettingDescriptor {
        SettingDescriptor(
            name,
            summary,
            default: String(defaultValue),
            allowed: "a whole number of seconds from \(range.lowerBound) to \(range.upperBound)",
            valueName: "s",
            isRare: true,
            assign: .field(field, SettingRule.number(range))
        )
    }
}

import JobContract
import DockerPort
import Primitives
import RuntimeCore

extension SettingDescriptor {
    /// The settings of a worker process: queues, capacity, timeouts, retention, janitor, HTTP server and tracing.
    package static let worker: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_NODE",
            "Id of this node",
            whenEmpty: "the Docker Engine's own id",
            allowed: "1 to 128 of `A-Z a-z 0-9 : _ . -`",
            valueName: "id",
            isRare: true,
            assign: .optional(\.node) { SettingRule.word($0, ":_.-", upTo: 128) ? NodeID($0) : nil }
        ),
        SettingDescriptor(
            "RTM_QUEUES",
            "Queues, the most urgent first",
            default: "default",
            allowed: "names of 1 to 64 of `A-Z a-z 0-9 _ . -`, separated by commas, none twice",
            valueName: "names",
            assign: .field(\.queues, SettingRule.queues)
        ),
        SettingDescriptor(
            "RTM_CONCURRENCY",
            "Starts at once, and as many stops",
            whenEmpty: "2 a core",
            allowed: "a whole number from 1 to 1024",
            details: "Concurrency permits for starts, and as many for stops and removes. A start holds no permit while "
                + "it pulls or waits for its game to answer. A stop holds none while its game ends. At most 8 times "
                + "as many jobs wait without a permit",
            valueName: "n",
            assign: .field(\.concurrency, SettingRule.number(1...1024))
        ),
        SettingDescriptor(
            "RTM_NO_WAIT",
            "Exit with 3 if Redis or Docker is out of reach at the start, instead of waiting",
            default: "false",
            allowed: allowedFlag,
            details: "`true`: a worker that finds Redis or Docker out of reach at its start ends with 3. `false`: the "
                + "worker waits for them",
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
        SettingDescriptor(
            "RTM_CAPACITY_MEMORY",
            "Memory of this node for games; 0: not counted",
            whenEmpty: "nine tenths of the host's",
            allowed: "0, or an amount from \(ResourceBounds.leastMemory.text), as 512m or 2g",
            details:
                "Memory of the node for games; see [Capacity and placement](#capacity-and-placement). `0`: memory is not counted",
            valueName: "amount",
            assign: .optional(\.capacityMemory) { text in
                MemorySize(text).flatMap { $0.bytes == 0 || $0.bytes >= ResourceBounds.leastMemory.bytes ? $0 : nil }
            }
        ),
        SettingDescriptor(
            "RTM_CAPACITY_CPU",
            "CPUs of this node for games; 0: not counted",
            default: "0",
            allowed: "a number of CPUs from 0 to 100000",
            details:
                "CPUs of the node for games; see [Capacity and placement](#capacity-and-placement). `0`: CPUs are not counted, because a game's quota is a "
                + "ceiling, not a need",
            valueName: "cpus",
            isRare: true,
            assign: .field(\.capacityCPU) { text in
                DecimalNumber.fraction(text).flatMap { (0...100_000).contains($0) ? $0 : nil }
            }
        ),
        SettingDescriptor(
            "RTM_PLACEMENT",
            "Nodes for new games: spread (emptiest first) or pack (fullest first)",
            default: "spread",
            allowed: Placement.allCases.map { "`\($0.rawValue)`" }.joined(separator: " or "),
            details: "`spread`: a new game goes to the node with the lowest load. `pack`: to the node with the highest "
                + "load that has capacity for the game. Give all workers of a namespace the same value",
            valueName: "order",
            isRare: true,
            assign: .field(\.placement) { Placement(rawValue: $0) }
        ),
        seconds(
            "RTM_LEASE_TTL_SECONDS",
            \.leaseTTLSeconds,
            "Silence after which a worker's jobs run elsewhere",
            10,
            2...300,
            details: "Silence of a worker after which its jobs run elsewhere"
        ),
        seconds(
            "RTM_LEADER_TTL_SECONDS",
            \.leaderTTLSeconds,
            "Silence after which another worker leads the node",
            4,
            1...60,
            details: "Silence of a leader after which another worker listens to the Docker Engine"
        ),
        seconds(
            "RTM_NODE_GRACE_SECONDS",
            \.nodeGraceSeconds,
            "Absence after which a node counts as lost",
            300,
            30...86_400,
            details: "Silence of a node's workers or Docker Engine after which the node is lost, at least two leases; "
                + "see section 3"
        ),
        SettingDescriptor(
            "RTM_STOP_WHEN_CUT_OFF",
            "Stop all games if Redis is silent for long",
            default: "false",
            allowed: allowedFlag,
            details:
                "`true`: a node without an answer from Redis stops its games before the grace ends, so no game runs "
                + "twice. An outage of Redis that lasts as long ends all games",
            valueName: "bool",
            isRare: true,
            assign: .field(\.stopWhenCutOff, SettingRule.flag)
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
            60...2_592_000,
            details:
                "Largest age of a signed job when a worker admits it. With signing keys, the age must be more than "
                + "60 s below `RTM_RETENTION_SECONDS`"
        ),
        SettingDescriptor(
            "RTM_RETENTION_ENTRIES",
            "Entries that each stream keeps",
            default: "1000000",
            allowed: "a whole number from 1000 to 100000000",
            details: "Largest number of results; approximate largest number of events",
            valueName: "n",
            isRare: true,
            assign: .field(\.retentionEntries, SettingRule.number(1000...100_000_000))
        ),
        SettingDescriptor(
            "RTM_DEAD_BYTES",
            "Memory for dead letters; the oldest go first",
            default: "16m",
            allowed: "`1m` to `4g`, as `16m` or `2g`",
            details: "Memory for dead letters. Beyond it the oldest go, and are counted",
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
            allowed: oneOf(JanitorMode.allCases.map(\.rawValue)),
            details: "What the node's leader does with containers of the namespace that nothing needs; see "
                + "[Janitor](#janitor)",
            valueName: "mode",
            isRare: true,
            assign: .field(\.janitor) { JanitorMode(rawValue: $0) }
        ),
        seconds(
            "RTM_JANITOR_GRACE_SECONDS",
            \.janitorGraceSeconds,
            "How long a container must be without need before it is removed",
            600,
            1...604_800,
            details: "How long every inspection must find a container without need before it is removed"
        ),
        SettingDescriptor(
            "RTM_KEPT_CONTAINERS",
            "Ended containers that the node keeps for their logs",
            default: "200",
            allowed: "a whole number from 1 to 100000",
            details:
                "Ended containers that the node keeps for their logs. The leader's janitor checks every minute and "
                + "removes the oldest beyond this number. Their `removed` is published. With `RTM_JANITOR=off` it does "
                + "not check, with `dry-run` it only reports",
            valueName: "n",
            isRare: true,
            assign: .field(\.keptContainers, SettingRule.number(1...100_000))
        ),
        SettingDescriptor(
            "RTM_HTTP",
            "Address of health, metrics and console",
            default: "127.0.0.1:8081",
            whenEmpty: "none",
            allowed: "`HOST:PORT` with a port from 0 to 65535",
            details:
                "Address of `/healthz`, `/readyz`, `/metrics` and the console. If the port is in use, the "
                + "worker warns and runs on",
            valueName: "host:port",
            emptyIsValue: true,
            assign: .optional(\.http, SettingRule.address)
        ),
        SettingDescriptor(
            "RTM_HTTP_TOKEN_FILE",
            "File with the token that HTTP requests must bear",
            allowed: allowedFile,
            details: "File with the token of all requests except those to `/healthz`: `Authorization: Bearer TOKEN`. "
                + "Requests without the token get 401. The token has at least 8 printable ASCII characters and no space; "
                + "line ends do not count",
            valueName: "path",
            isRare: true,
            namesFile: true,
            assign: .optional(\.httpTokenFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_HTTP_READ_TOKEN_FILE",
            "File with the token of HTTP requests that only read",
            allowed: allowedFile,
            details: "File with a second token, of the same form. Its callers only read. Needs `RTM_HTTP_TOKEN_FILE`",
            valueName: "path",
            isRare: true,
            namesFile: true,
            assign: .optional(\.httpReadTokenFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_HTTP_ACTIONS",
            "Whether people can act with the console",
            default: "off",
            allowed: "`on` or `off`",
            details: "Whether people can stop, restart and remove games, retry and drop dead letters, pause queues and "
                + "drain nodes with the console. `on` needs `RTM_HTTP_TOKEN_FILE`, unless `RTM_HTTP` is a loopback "
                + "address. Each action is in the log and on `{ns}:audit`",
            valueName: "on|off",
            isRare: true,
            assign: .field(\.httpActions) { ["on": true, "off": false][$0] }
        ),
        SettingDescriptor(
            "RTM_HTTP_USER_HEADER",
            "Request header with the person's name, set by a proxy",
            allowed: "the name of a header: 1 to 64 of `A-Z a-z 0-9 -`",
            details:
                "Request header in which an authenticating proxy names the person, for the log and `{ns}:audit`. Set it "
                + "only if everybody comes through the proxy",
            valueName: "name",
            isRare: true,
            assign: .optional(\.httpUserHeader) { SettingRule.word($0, "-", upTo: 64) ? $0 : nil }
        ),
        SettingDescriptor(
            "RTM_OTLP_ENDPOINT",
            "Collector for the spans of jobs, by OTLP/HTTP",
            whenEmpty: "no spans",
            allowed: "`http://HOST:PORT` or `https://HOST:PORT`, with or without `/v1/traces`",
            valueName: "url",
            isRare: true,
            disclosure: .maskedURL,
            assign: .optional(\.otlpEndpoint, SettingRule.httpURL)
        ),
    ]

    /// The values of a switch, in words.
    static let allowedFlag = "`true` or `false` (also `1`, `0`, `yes`, `no`)"

    /// Returns the descriptor of a rare setting with a whole number of seconds.
    package static func seconds(
        _ name: String,
        _ field: any WritableKeyPath<Settings, Int> & Sendable,
        _ summary: String,
        _ defaultValue: Int,
        _ range: ClosedRange<Int>,
        details: String? = nil
    ) -> SettingDescriptor {
        SettingDescriptor(
            name,
            summary,
            default: String(defaultValue),
            allowed: "a whole number of seconds from \(range.lowerBound) to \(range.upperBound)",
            details: details,
            valueName: "s",
            isRare: true,
            assign: .field(field, SettingRule.number(range))
        )
    }
}

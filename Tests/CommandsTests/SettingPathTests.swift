import DockerPort
import Foundation
import JobContract
import JobQueue
import Redis
import Primitives
import Runtime
import RuntimeCore
import Support
import Testing

@testable import Commands
@testable import Settings

/// Every setting must reach the part that uses the setting. Every value in the table differs from its default and
/// from all other values, so two exchanged settings fail a test.
@Suite("The way of a setting to its part of the worker")
struct SettingPathTests {
    private static let values = [
        "RTM_NAMESPACE": "ns", "RTM_QUEUES": "urgent,bulk", "RTM_CONCURRENCY": "3", "RTM_SLOTS": "4",
        "RTM_ADVERTISE": "games.example:40000-40009", "RTM_ADVERTISE_BIND": "10.1.2.3",
        "RTM_CAPACITY_MEMORY": "300m", "RTM_CAPACITY_CPU": "5.5", "RTM_PLACEMENT": "pack",
        "RTM_LEASE_TTL_SECONDS": "21", "RTM_LEADER_TTL_SECONDS": "22", "RTM_NODE_GRACE_SECONDS": "230",
        "RTM_DRAIN_TIMEOUT_SECONDS": "24", "RTM_RETENTION_SECONDS": "800", "RTM_RETENTION_ENTRIES": "1025",
        "RTM_SIGNED_MAX_AGE_SECONDS": "700", "RTM_DEAD_BYTES": "2m", "RTM_JANITOR": "remove",
        "RTM_JANITOR_GRACE_SECONDS": "26", "RTM_KEPT_CONTAINERS": "27", "RTM_NETWORK": "net-1",
        "RTM_NAME_PREFIX": "p-", "RTM_ENGINE_PORT": "28", "RTM_START_SETTLE_MS": "29", "RTM_STATE_ROOT": "/state",
        "RTM_STATE_MOUNT": "/mnt/state", "RTM_STATE_OWNER": "30:31", "RTM_STATE_MODE": "0711",
        "RTM_LOG_DRIVER": "local", "RTM_LOG_OPTS": "max-size=1m", "RTM_CAP_ADD": "CHOWN",
        "RTM_READ_ONLY_ROOTFS": "true", "RTM_STOP_WHEN_CUT_OFF": "true", "RTM_USER": "32:33", "RTM_CPU_QUOTA": "1.5",
        "RTM_MEMORY": "100m",
        "RTM_PIDS_LIMIT": "34", "RTM_MAX_CPU_QUOTA": "2.5", "RTM_MAX_MEMORY": "200m", "RTM_MAX_PIDS_LIMIT": "35",
        "RTM_ALLOWED_IMAGES": "r.example/**", "RTM_ALLOWED_MOUNT_ROOTS": "/srv/maps:ro",
        "RTM_ALLOWED_LABELS": "team.*", "RTM_MAX_STOP_TIMEOUT_SECONDS": "36", "RTM_MAX_READY_TIMEOUT_SECONDS": "37",
        "RTM_ENV_MODE": "ranked",
    ]

    /// Settings that do not concern the queue, the containers or the loops of a worker.
    private static let elsewhere: Set = [
        "RTM_REDIS_URL", "RTM_REDIS_PASSWORD_FILE", "RTM_REDIS_CA_FILE", "RTM_REDIS_CERT_FILE", "RTM_REDIS_KEY_FILE",
        "RTM_REDIS_SENTINEL_USER", "RTM_REDIS_SENTINEL_PASSWORD_FILE",
        "RTM_SIGNING_KEY_FILE", "RTM_CONFIG", "RTM_NODE", "RTM_NO_WAIT",
        "RTM_HTTP", "RTM_HTTP_TOKEN_FILE", "RTM_HTTP_READ_TOKEN_FILE", "RTM_HTTP_ACTIONS", "RTM_HTTP_USER_HEADER",
        "RTM_OTLP_ENDPOINT", "RTM_LOG_LEVEL", "RTM_LOG_FORMAT",
    ]

    private func load(_ more: [String: String] = [:]) throws -> Settings {
        let environment = Self.values.merging(more) { $1 }
        return try Settings.load(from: SettingsSource(environment: environment, cores: 1), for: .worker).settings
    }

    @Test("has a value in this suite for every setting")
    func complete() {
        let names = Set(Self.values.keys).subtracting(["RTM_ENV_MODE"])
        #expect(names.union(Self.elsewhere) == Set(SettingDescriptor.all.map(\.name)))
        #expect(names.isDisjoint(with: Self.elsewhere))
    }

    @Test("ends at the queue")
    func queue() throws {
        var expected = JobQueueOptions(
            queues: ["urgent", "bulk"],
            lease: .seconds(21),
            retention: .seconds(800),
            retentionEntries: 1_025,
            deadBytes: 2 << 20,
            nodeGrace: .seconds(230),
            capacity: NodeCapacity(slots: 4, cpu: 5_500, memory: 300 << 20, ports: 40_000...40_009),
            defaultDemand: Demand(cpu: 1_500, memory: 100 << 20),
            placement: .pack,
            version: RootCommand.version
        )
        #expect(try load().queueOptions() == expected)
        let directory = try temporaryDirectory("wiring")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data("k:0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: directory + "/keys"))
        expected.mostAge = .seconds(700)
        #expect(try load(["RTM_SIGNING_KEY_FILE": directory + "/keys"]).queueOptions() == expected)
    }

    @Test("ends at the containers")
    func containers() throws {
        let memory = try #require(MemorySize("100m")), most = try #require(MemorySize("200m"))
        let expected = NodeSettings(
            namespace: "ns",
            network: "net-1",
            namePrefix: "p-",
            stateRoot: "/state",
            stateMount: "/mnt/state",
            env: ["MODE": "ranked"],
            enginePort: 28,
            logDriver: "local",
            logOpts: ["max-size": "1m"],
            defaultLimits: .init(cpuQuota: 1.5, memory: memory.text, pidsLimit: 34),
            maximumLimits: .init(cpuQuota: 2.5, memory: most.text, pidsLimit: 35),
            hardening: Hardening(capAdd: ["CHOWN"], readOnlyRootfs: true, user: "32:33"),
            allowedImages: ["r.example/**"],
            allowedMountRoots: [MountRoot("/srv/maps", isReadOnly: true)],
            labelRules: LabelRules(allowed: ["team.*"]),
            maximumStopTimeout: 36,
            maximumReadyTimeout: 37
        )
        let settings = try load()
        #expect(settings.nodeSettings == expected)
        var advertised = expected
        advertised.advertised = Advertisement(host: "games.example", address: "10.1.2.3", ports: 40_000...40_009)
        #expect(try settings.workerConfiguration().node == advertised)
    }

    @Test("ends at the loops of the worker")
    func worker() throws {
        let configuration = try load().workerConfiguration()
        #expect(configuration.concurrency == 3)
        #expect(configuration.drainTimeout == .seconds(24))
        #expect(configuration.leaderTTL == .seconds(22))
        #expect(configuration.stateOwner == .init(user: 30, group: 31))
        #expect(configuration.stateMode == 0o711)
        #expect(configuration.startSettle == .milliseconds(29))
        #expect(configuration.janitor == .remove)
        #expect(configuration.janitorGrace == .seconds(26))
        #expect(configuration.keptContainers == 27)
        #expect(configuration.retries == RetryPolicy())
    }

    @Test(
        "ends at the pauses before a new connection to Redis, which are shorter than a lease",
        arguments: [2, 4, 10, 300]
    )
    func redisPauses(lease: Int) throws {
        let settings = try load(["RTM_LEASE_TTL_SECONDS": "\(lease)"])
        let configuration = try Actions.workerRedisConfiguration(settings)
        let usual = try settings.redisConfiguration()
        #expect(configuration.backoff.cap == min(usual.backoff.cap, .seconds(lease) / 4))
        #expect(configuration.backoff.base == usual.backoff.base)
        #expect(configuration.server == usual.server)
    }
}

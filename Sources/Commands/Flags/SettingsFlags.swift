import ArgumentParser
import Settings

extension ArgumentHelp {
    /// Returns the help of the flag for the setting `name`, from the setting's descriptor.
    package static func setting(_ name: String) -> ArgumentHelp {
        guard let descriptor = SettingDescriptor.named(name) else { return ArgumentHelp(visibility: .private) }
        var text = "\(descriptor.summary) [\(name)"
        if !descriptor.defaultText.isEmpty { text += "; default \(descriptor.defaultText)" }
        return ArgumentHelp(
            text + "]",
            valueName: descriptor.valueName,
            visibility: descriptor.isRare ? .hidden : .default
        )
    }
}

/// The flags for settings of every command.
package struct SharedFlags: ParsableArguments {
    @Option(help: .setting("RTM_REDIS_URL")) var redisURL: String?
    @Option(help: .setting("RTM_REDIS_PASSWORD_FILE")) var redisPasswordFile: String?
    @Option(help: .setting("RTM_REDIS_CA_FILE")) var redisCAFile: String?
    @Option(help: .setting("RTM_REDIS_CERT_FILE")) var redisCertFile: String?
    @Option(help: .setting("RTM_REDIS_KEY_FILE")) var redisKeyFile: String?
    @Option(help: .setting("RTM_REDIS_SENTINEL_USER")) var redisSentinelUser: String?
    @Option(help: .setting("RTM_REDIS_SENTINEL_PASSWORD_FILE")) var redisSentinelPasswordFile: String?
    @Option(help: .setting("RTM_NAMESPACE")) var namespace: String?
    @Option(help: .setting("RTM_SIGNING_KEY_FILE")) var signingKeyFile: String?
    @Option(help: .setting("RTM_LOG_LEVEL")) var logLevel: String?
    @Option(help: .setting("RTM_LOG_FORMAT")) var logFormat: String?
    @Option(help: .setting(SettingDescriptor.configName)) var config: String?

    package init() {}

    /// The values of the given flags, by the names of their settings.
    package var values: [String: String] {
        [
            "RTM_REDIS_URL": redisURL, "RTM_REDIS_PASSWORD_FILE": redisPasswordFile,
            "RTM_REDIS_CA_FILE": redisCAFile, "RTM_REDIS_CERT_FILE": redisCertFile, "RTM_REDIS_KEY_FILE": redisKeyFile,
            "RTM_REDIS_SENTINEL_USER": redisSentinelUser,
            "RTM_REDIS_SENTINEL_PASSWORD_FILE": redisSentinelPasswordFile,
            "RTM_NAMESPACE": namespace, "RTM_SIGNING_KEY_FILE": signingKeyFile,
            "RTM_LOG_LEVEL": logLevel, "RTM_LOG_FORMAT": logFormat, SettingDescriptor.configName: config,
        ].compactMapValues { $0 }
    }
}

/// The flags for settings of a worker. The commands `worker` and `doctor` take these flags.
struct WorkerFlags: ParsableArguments {
    @Option(help: .setting("RTM_NODE")) var node: String?
    @Option(help: .setting("RTM_QUEUES")) var queues: String?
    @Option(help: .setting("RTM_CONCURRENCY")) var concurrency: String?
    @Flag(help: .setting("RTM_NO_WAIT")) var noWait = false
    @Option(help: .setting("RTM_SLOTS")) var slots: String?
    @Option(help: .setting("RTM_CAPACITY_MEMORY")) var capacityMemory: String?
    @Option(help: .setting("RTM_CAPACITY_CPU")) var capacityCPU: String?
    @Option(help: .setting("RTM_PLACEMENT")) var placement: String?
    @Option(help: .setting("RTM_LEASE_TTL_SECONDS")) var leaseTTLSeconds: String?
    @Option(help: .setting("RTM_LEADER_TTL_SECONDS")) var leaderTTLSeconds: String?
    @Option(help: .setting("RTM_NODE_GRACE_SECONDS")) var nodeGraceSeconds: String?
    @Flag(help: .setting("RTM_STOP_WHEN_CUT_OFF")) var stopWhenCutOff = false
    @Option(help: .setting("RTM_DRAIN_TIMEOUT_SECONDS")) var drainTimeoutSeconds: String?
    @Option(help: .setting("RTM_RETENTION_SECONDS")) var retentionSeconds: String?
    @Option(help: .setting("RTM_RETENTION_ENTRIES")) var retentionEntries: String?
    @Option(help: .setting("RTM_SIGNED_MAX_AGE_SECONDS")) var signedMaxAgeSeconds: String?
    @Option(help: .setting("RTM_DEAD_BYTES")) var deadBytes: String?
    @Option(help: .setting("RTM_JANITOR")) var janitor: String?
    @Option(help: .setting("RTM_JANITOR_GRACE_SECONDS")) var janitorGraceSeconds: String?
    @Option(help: .setting("RTM_KEPT_CONTAINERS")) var keptContainers: String?
    @Option(help: .setting("RTM_HTTP")) var http: String?
    @Option(help: .setting("RTM_HTTP_TOKEN_FILE")) var httpTokenFile: String?
    @Option(help: .setting("RTM_HTTP_READ_TOKEN_FILE")) var httpReadTokenFile: String?
    @Option(help: .setting("RTM_HTTP_ACTIONS")) var httpActions: String?
    @Option(help: .setting("RTM_HTTP_USER_HEADER")) var httpUserHeader: String?
    @Option(help: .setting("RTM_OTLP_ENDPOINT")) var otlpEndpoint: String?

    @Option(help: .setting("RTM_NETWORK")) var network: String?
    @Option(help: .setting("RTM_NAME_PREFIX")) var namePrefix: String?
    @Option(help: .setting("RTM_ENGINE_PORT")) var enginePort: String?
    @Option(help: .setting("RTM_ADVERTISE")) var advertise: String?
    @Option(help: .setting("RTM_ADVERTISE_BIND")) var advertiseBind: String?
    @Option(help: .setting("RTM_START_SETTLE_MS")) var startSettleMs: String?
    @Option(help: .setting("RTM_STATE_ROOT")) var stateRoot: String?
    @Option(help: .setting("RTM_STATE_MOUNT")) var stateMount: String?
    @Option(help: .setting("RTM_STATE_OWNER")) var stateOwner: String?
    @Option(help: .setting("RTM_STATE_MODE")) var stateMode: String?
    @Option(help: .setting("RTM_LOG_DRIVER")) var logDriver: String?
    @Option(help: .setting("RTM_LOG_OPTS")) var logOpts: String?
    @Option(help: .setting("RTM_CAP_ADD")) var capAdd: String?
    @Flag(inversion: .prefixedNo, help: .setting("RTM_READ_ONLY_ROOTFS")) var readOnlyRootfs: Bool?
    @Option(help: .setting("RTM_USER")) var user: String?

    @Option(help: .setting("RTM_CPU_QUOTA")) var cpuQuota: String?
    @Option(help: .setting("RTM_MEMORY")) var memory: String?
    @Option(help: .setting("RTM_PIDS_LIMIT")) var pidsLimit: String?
    @Option(help: .setting("RTM_MAX_CPU_QUOTA")) var maxCPUQuota: String?
    @Option(help: .setting("RTM_MAX_MEMORY")) var maxMemory: String?
    @Option(help: .setting("RTM_MAX_PIDS_LIMIT")) var maxPidsLimit: String?
    @Option(help: .setting("RTM_ALLOWED_IMAGES")) var allowedImages: String?
    @Option(help: .setting("RTM_ALLOWED_MOUNT_ROOTS")) var allowedMountRoots: String?
    @Option(help: .setting("RTM_ALLOWED_LABELS")) var allowedLabels: String?
    @Option(help: .setting("RTM_MAX_STOP_TIMEOUT_SECONDS")) var maxStopTimeoutSeconds: String?
    @Option(help: .setting("RTM_MAX_READY_TIMEOUT_SECONDS")) var maxReadyTimeoutSeconds: String?

    @Option(
        help: ArgumentHelp(
            "Variable of every game's environment, under the job's own; may be given again [RTM_ENV_NAME]",
            valueName: "name=value"
        )
    ) var env: [Assignment] = []

    /// The values of the given flags, by the names of their settings.
    var values: [String: String] {
        [
            "RTM_NODE": node, "RTM_QUEUES": queues, "RTM_CONCURRENCY": concurrency, "RTM_SLOTS": slots,
            "RTM_CAPACITY_MEMORY": capacityMemory, "RTM_CAPACITY_CPU": capacityCPU, "RTM_PLACEMENT": placement,
            "RTM_NO_WAIT": noWait ? "true" : nil, "RTM_STOP_WHEN_CUT_OFF": stopWhenCutOff ? "true" : nil,
            "RTM_LEASE_TTL_SECONDS": leaseTTLSeconds, "RTM_LEADER_TTL_SECONDS": leaderTTLSeconds,
            "RTM_NODE_GRACE_SECONDS": nodeGraceSeconds, "RTM_DRAIN_TIMEOUT_SECONDS": drainTimeoutSeconds,
            "RTM_RETENTION_SECONDS": retentionSeconds, "RTM_RETENTION_ENTRIES": retentionEntries,
            "RTM_SIGNED_MAX_AGE_SECONDS": signedMaxAgeSeconds,
            "RTM_DEAD_BYTES": deadBytes,
            "RTM_JANITOR": janitor, "RTM_JANITOR_GRACE_SECONDS": janitorGraceSeconds,
            "RTM_KEPT_CONTAINERS": keptContainers, "RTM_HTTP": http, "RTM_HTTP_TOKEN_FILE": httpTokenFile,
            "RTM_HTTP_READ_TOKEN_FILE": httpReadTokenFile, "RTM_HTTP_ACTIONS": httpActions,
            "RTM_HTTP_USER_HEADER": httpUserHeader,
            "RTM_OTLP_ENDPOINT": otlpEndpoint,
            "RTM_NETWORK": network,
            "RTM_NAME_PREFIX": namePrefix, "RTM_ENGINE_PORT": enginePort, "RTM_STATE_ROOT": stateRoot,
            "RTM_ADVERTISE": advertise, "RTM_ADVERTISE_BIND": advertiseBind,
            "RTM_START_SETTLE_MS": startSettleMs,
            "RTM_STATE_MOUNT": stateMount, "RTM_STATE_OWNER": stateOwner, "RTM_STATE_MODE": stateMode,
            "RTM_LOG_DRIVER": logDriver, "RTM_LOG_OPTS": logOpts, "RTM_CAP_ADD": capAdd,
            "RTM_READ_ONLY_ROOTFS": readOnlyRootfs.map { "\($0)" }, "RTM_USER": user, "RTM_CPU_QUOTA": cpuQuota,
            "RTM_MEMORY": memory, "RTM_PIDS_LIMIT": pidsLimit, "RTM_MAX_CPU_QUOTA": maxCPUQuota,
            "RTM_MAX_MEMORY": maxMemory, "RTM_MAX_PIDS_LIMIT": maxPidsLimit,
            "RTM_ALLOWED_IMAGES": allowedImages, "RTM_ALLOWED_MOUNT_ROOTS": allowedMountRoots,
            "RTM_ALLOWED_LABELS": allowedLabels, "RTM_MAX_STOP_TIMEOUT_SECONDS": maxStopTimeoutSeconds,
            "RTM_MAX_READY_TIMEOUT_SECONDS": maxReadyTimeoutSeconds,
        ].compactMapValues { $0 }
    }
}

import DockerPort
import Primitives
import RuntimeCore

extension SettingDescriptor {
    /// The default limits of a game, and the bounds of a job's requests.
    package static let limits: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_CPU_QUOTA",
            "CPUs of a game, if neither job nor image sets them",
            default: "1.0",
            allowed: SettingRule.allowedCPUs,
            valueName: "cpus",
            assign: .field(\.cpuQuota, SettingRule.cpus)
        ),
        SettingDescriptor(
            "RTM_MEMORY",
            "Memory of a game, if neither job nor image sets it",
            default: "512m",
            allowed: SettingRule.allowedMemory,
            valueName: "amount",
            assign: .field(\.memory, SettingRule.memory)
        ),
        SettingDescriptor(
            "RTM_PIDS_LIMIT",
            "Processes of a game, if neither job nor image sets them",
            default: "512",
            allowed: SettingRule.allowedPIDs,
            valueName: "n",
            assign: .field(\.pidsLimit, SettingRule.number(ResourceBounds.pids))
        ),
        SettingDescriptor(
            "RTM_MAX_CPU_QUOTA",
            "Most CPUs of a job",
            whenEmpty: "the host's",
            allowed: SettingRule.allowedCPUs,
            details: "Largest number of CPUs for a job or an image, not below `RTM_CPU_QUOTA`",
            valueName: "cpus",
            isRare: true,
            assign: .optional(\.maxCPUQuota, SettingRule.cpus)
        ),
        SettingDescriptor(
            "RTM_MAX_MEMORY",
            "Most memory of a job",
            whenEmpty: "the host's",
            allowed: SettingRule.allowedMemory,
            details: "Largest amount of memory for a job or an image, not below `RTM_MEMORY`",
            valueName: "amount",
            isRare: true,
            assign: .optional(\.maxMemory, SettingRule.memory)
        ),
        SettingDescriptor(
            "RTM_MAX_PIDS_LIMIT",
            "Most processes of a job",
            whenEmpty: "the host's",
            allowed: SettingRule.allowedPIDs,
            details: "Largest number of processes for a job or an image, not below `RTM_PIDS_LIMIT`",
            valueName: "n",
            isRare: true,
            assign: .optional(\.maxPIDsLimit, SettingRule.number(ResourceBounds.pids))
        ),
        SettingDescriptor(
            "RTM_ALLOWED_IMAGES",
            "Globs of the image references that may run",
            whenEmpty: "all, except those of registries at addresses",
            allowed: "globs without blanks, separated by commas, none twice",
            details: "Globs of the image references that may run; see section 5",
            valueName: "globs",
            emptyIsValue: true,
            assign: .field(\.allowedImages) { SettingRule.list($0, part: SettingRule.glob) }
        ),
        SettingDescriptor(
            "RTM_ALLOWED_MOUNT_ROOTS",
            "Directories for the mounts of jobs, PATH or PATH:ro",
            whenEmpty: "none",
            allowed: "absolute paths other than `/` and without `..`, each with `:ro` or without, separated by commas, "
                + "none twice",
            details:
                "Directories for the mounts of jobs; see section 2, mounts. By its real path, no root is, contains "
                + "or lies inside another root or the state root, and no root is or contains a system directory: "
                + MountRootRules.systemDirectories.map { "`\($0)`" }.joined(separator: " "),
            valueName: "paths",
            isRare: true,
            emptyIsValue: true,
            assign: .field(\.allowedMountRoots) { SettingRule.list($0, part: SettingRule.mountRoot) }
        ),
        SettingDescriptor(
            "RTM_ALLOWED_LABELS",
            "Globs of label names that jobs may set",
            whenEmpty: "all, except those of known tools",
            allowed: "globs without blanks, separated by commas, none twice",
            details: "Globs of label names that jobs may set; see section 5",
            valueName: "globs",
            isRare: true,
            assign: .optional(\.allowedLabels) { SettingRule.list($0, part: SettingRule.glob) }
        ),
        seconds(
            "RTM_MAX_STOP_TIMEOUT_SECONDS",
            \.maxStopTimeoutSeconds,
            "Longest time of a job between SIGTERM and SIGKILL",
            600,
            30...600,
            details: "Largest `stop_timeout_seconds` of a job; above it: `limit_exceeded`"
        ),
        seconds(
            "RTM_MAX_READY_TIMEOUT_SECONDS",
            \.maxReadyTimeoutSeconds,
            "Longest time that a job may wait for its game",
            600,
            0...600,
            details: "Largest `ready_timeout_seconds` of a job; above it: `limit_exceeded`"
        ),
    ]
}

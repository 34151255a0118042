import DockerPort
import Primitives

extension SettingDescriptor {
    /// The settings of every game's container.
    package static let containers: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_NETWORK",
            "User-defined Docker network of the games",
            default: "galaxy-net",
            allowed: "2 to 63 of A-Z a-z 0-9 _ . -, a letter or digit first, and none of none host bridge default",
            valueName: "name",
            assign: .field(\.network, SettingRule.network)
        ),
        SettingDescriptor(
            "RTM_NAME_PREFIX",
            "Prefix of container names and hostnames",
            default: "galaxy-game-",
            allowed: "1 to 61 of a-z 0-9 -, a letter or digit first",
            valueName: "prefix",
            isRare: true,
            assign: .field(\.namePrefix, SettingRule.namePrefix)
        ),
        SettingDescriptor(
            "RTM_ENGINE_PORT",
            "Port of the game in the container, if its image names none",
            default: "8080",
            allowed: "a whole number from 1 to 65535",
            valueName: "port",
            isRare: true,
            assign: .field(\.enginePort, SettingRule.number(1...65_535))
        ),
        SettingDescriptor(
            "RTM_START_SETTLE_MS",
            "Time that the process of a start must have run before the start counts as successful",
            default: "0",
            allowed: "a whole number of milliseconds from 0 to 60000",
            valueName: "ms",
            isRare: true,
            assign: .field(\.startSettleMilliseconds, SettingRule.number(0...60_000))
        ),
        SettingDescriptor(
            "RTM_STATE_ROOT",
            "Directory of the host with one state folder a game",
            default: "/var/lib/rtmanager/games",
            allowed: "an absolute path other than / and without ..",
            valueName: "path",
            assign: .field(\.stateRoot, SettingRule.directory)
        ),
        SettingDescriptor(
            "RTM_STATE_MOUNT",
            "Where a game sees its state folder",
            default: "/var/lib/galaxy",
            allowed: "an absolute path other than / and without .., outside of /etc, /usr and the like",
            valueName: "path",
            isRare: true,
            assign: .field(\.stateMount) {
                SettingRule.directory($0).flatMap { MountTargets.isProtected($0) ? nil : $0 }
            }
        ),
        SettingDescriptor(
            "RTM_STATE_OWNER",
            "Owner of a state folder; empty: the worker's own user",
            allowed: "USER[:GROUP], each a name or a number",
            valueName: "user[:group]",
            isRare: true,
            assign: .optional(\.stateOwner, SettingRule.owner)
        ),
        SettingDescriptor(
            "RTM_STATE_MODE",
            "Permissions of a state folder",
            default: "0750",
            allowed: "3 or 4 octal digits",
            valueName: "octal",
            isRare: true,
            assign: .field(\.stateMode, SettingRule.mode)
        ),
        SettingDescriptor(
            "RTM_LOG_DRIVER",
            "Docker's log driver for the games",
            default: "json-file",
            allowed: "one of " + DockerName.logDrivers.joined(separator: ", "),
            valueName: "driver",
            isRare: true,
            assign: .field(\.logDriver) { DockerName.logDrivers.contains($0) ? $0 : nil }
        ),
        SettingDescriptor(
            "RTM_LOG_OPTS",
            "Options of the log driver",
            default: "max-size=10m,max-file=3",
            allowed: "NAME=VALUE,... with names of " + DockerName.logOptions.joined(separator: ", ")
                + ", each at most once and with a value that Docker takes, or empty",
            valueName: "name=value,...",
            isRare: true,
            emptyIsValue: true,
            assign: .field(\.logOpts, DockerName.logOpts)
        ),
        SettingDescriptor(
            "RTM_CAP_ADD",
            "Capabilities that games keep; empty: none",
            allowed: "capability names (NET_BIND_SERVICE,...) without ALL, separated by commas, none twice",
            valueName: "names",
            isRare: true,
            emptyIsValue: true,
            assign: .field(\.capAdd) { SettingRule.list($0, part: DockerName.capability) }
        ),
        SettingDescriptor(
            "RTM_READ_ONLY_ROOTFS",
            "Read-only root file system, with a tmpfs at /tmp",
            default: "false",
            allowed: "true or false (also 1, 0, yes, no)",
            valueName: "bool",
            isRare: true,
            assign: .field(\.readOnlyRootfs, SettingRule.flag)
        ),
        SettingDescriptor(
            "RTM_USER",
            "User of the games' processes; empty: the image's own",
            allowed: "USER[:GROUP], each a name or a number",
            valueName: "user[:group]",
            isRare: true,
            assign: .optional(\.user, SettingRule.owner)
        ),
    ]

    /// The default limits of a game, and the bounds of a job's requests.
    package static let limits: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_CPU_QUOTA",
            "CPUs of a game, if neither job nor image says",
            default: "1.0",
            allowed: SettingRule.allowedCPUs,
            valueName: "cpus",
            assign: .field(\.cpuQuota, SettingRule.cpus)
        ),
        SettingDescriptor(
            "RTM_MEMORY",
            "Memory of a game, if neither job nor image says",
            default: "512m",
            allowed: SettingRule.allowedMemory,
            valueName: "amount",
            assign: .field(\.memory, SettingRule.memory)
        ),
        SettingDescriptor(
            "RTM_PIDS_LIMIT",
            "Processes of a game, if neither job nor image says",
            default: "512",
            allowed: SettingRule.allowedPIDs,
            valueName: "n",
            assign: .field(\.pidsLimit, SettingRule.number(ResourceBounds.pids))
        ),
        SettingDescriptor(
            "RTM_MAX_CPU_QUOTA",
            "Most CPUs of a job; empty: the host's",
            allowed: SettingRule.allowedCPUs,
            valueName: "cpus",
            isRare: true,
            assign: .optional(\.maxCPUQuota, SettingRule.cpus)
        ),
        SettingDescriptor(
            "RTM_MAX_MEMORY",
            "Most memory of a job; empty: the host's",
            allowed: SettingRule.allowedMemory,
            valueName: "amount",
            isRare: true,
            assign: .optional(\.maxMemory, SettingRule.memory)
        ),
        SettingDescriptor(
            "RTM_MAX_PIDS_LIMIT",
            "Most processes of a job; empty: the host's",
            allowed: SettingRule.allowedPIDs,
            valueName: "n",
            isRare: true,
            assign: .optional(\.maxPIDsLimit, SettingRule.number(ResourceBounds.pids))
        ),
        SettingDescriptor(
            "RTM_ALLOWED_IMAGES",
            "Globs of the image references that may run; empty: all but those at addresses",
            allowed: "globs without blanks, separated by commas, none twice",
            valueName: "globs",
            emptyIsValue: true,
            assign: .field(\.allowedImages) { SettingRule.list($0, part: SettingRule.glob) }
        ),
        SettingDescriptor(
            "RTM_ALLOWED_MOUNT_ROOTS",
            "Directories for the mounts of jobs, PATH or PATH:ro; empty: none",
            allowed:
                "absolute paths other than / and without .., each with :ro or without, separated by commas, none twice",
            valueName: "paths",
            isRare: true,
            emptyIsValue: true,
            assign: .field(\.allowedMountRoots) { SettingRule.list($0, part: SettingRule.mountRoot) }
        ),
        SettingDescriptor(
            "RTM_ALLOWED_LABELS",
            "Globs of label names that jobs may set; empty: all but those of known tools",
            allowed: "globs without blanks, separated by commas, none twice",
            valueName: "globs",
            isRare: true,
            assign: .optional(\.allowedLabels) { SettingRule.list($0, part: SettingRule.glob) }
        ),
        seconds(
            "RTM_MAX_STOP_TIMEOUT_SECONDS",
            \.maxStopTimeoutSeconds,
            "Longest time of a job between SIGTERM and SIGKILL",
            600,
            30...600
        ),
        seconds(
            "RTM_MAX_READY_TIMEOUT_SECONDS",
            \.maxReadyTimeoutSeconds,
            "Longest time that a job may wait for its game",
            600,
            0...600
        ),
    ]
}

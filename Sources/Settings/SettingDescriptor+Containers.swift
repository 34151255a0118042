import DockerPort

extension SettingDescriptor {
    /// The settings of every game's container.
    package static let containers: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_NETWORK",
            "User-defined Docker network of the games",
            default: "galaxy-net",
            allowed: "2 to 63 of `A-Z a-z 0-9 _ . -`, a letter or digit first, and none of `none host bridge default`",
            valueName: "name",
            assign: .field(\.network, SettingRule.network)
        ),
        SettingDescriptor(
            "RTM_NAME_PREFIX",
            "Prefix of container names and hostnames",
            default: "galaxy-game-",
            allowed: "1 to 61 of `a-z 0-9 -`, a letter or digit first",
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
            "RTM_ADVERTISE",
            "Host at which other hosts reach the games, with or without ports",
            whenEmpty: "games are reached on their network only",
            allowed:
                "`HOST` or `HOST:FIRST-LAST`: a name, an IPv4 address or an IPv6 address in brackets, and ports from "
                + "1 to 65535",
            details:
                "Publishes the port of each game, and puts `HOST` into its endpoint; see [Published ports](#published-ports). "
                + "With a range, a game gets a port of the range",
            valueName: "host",
            isRare: true,
            assign: .optional(\.advertise, SettingRule.advertisedHost)
        ),
        SettingDescriptor(
            "RTM_ADVERTISE_BIND",
            "Address of this host at which the published ports are bound",
            whenEmpty: "the host of RTM_ADVERTISE",
            allowed: "an IP address",
            details:
                "Address at which the published ports are bound. Required if the host of `RTM_ADVERTISE` is no address "
                + "of this machine",
            valueName: "address",
            isRare: true,
            assign: .optional(\.advertiseBind, SettingRule.ipAddress)
        ),
        SettingDescriptor(
            "RTM_START_SETTLE_MS",
            "Time for which a started process must run before its start succeeds",
            default: "0",
            allowed: "a whole number of milliseconds from 0 to 60000",
            details: "Time for which a started process must run before its start succeeds; see section 3",
            valueName: "ms",
            isRare: true,
            assign: .field(\.startSettleMilliseconds, SettingRule.number(0...60_000))
        ),
        SettingDescriptor(
            "RTM_STATE_ROOT",
            "Directory of the host with one state folder a game",
            default: "/var/lib/rtmanager/games",
            allowed: "an absolute path other than `/` and without `..`",
            details:
                "Directory of the host with one state folder a game. The directory must not be or contain a system "
                + "directory, as for `RTM_ALLOWED_MOUNT_ROOTS`",
            valueName: "path",
            assign: .field(\.stateRoot, SettingRule.directory)
        ),
        SettingDescriptor(
            "RTM_STATE_MOUNT",
            "Where a game sees its state folder",
            default: "/var/lib/galaxy",
            allowed: "an absolute path other than `/` and without `..`, outside of `/etc`, `/usr` and the like",
            details: "Where a game sees its state folder. Section 2 lists the system directories",
            valueName: "path",
            isRare: true,
            assign: .field(\.stateMount) {
                SettingRule.directory($0).flatMap { MountTargets.isProtected($0) ? nil : $0 }
            }
        ),
        SettingDescriptor(
            "RTM_STATE_OWNER",
            "Owner of a new state folder",
            whenEmpty: "the worker's own user",
            allowed: "`USER[:GROUP]`, each a name or a number",
            valueName: "user[:group]",
            isRare: true,
            assign: .optional(\.stateOwner, SettingRule.owner)
        ),
        SettingDescriptor(
            "RTM_STATE_MODE",
            "Permissions of a new state folder",
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
            allowed: oneOf(DockerName.logDrivers),
            details: "Docker's log driver for the games. These drivers neither send logs away nor read files",
            valueName: "driver",
            isRare: true,
            assign: .field(\.logDriver) { DockerName.logDrivers.contains($0) ? $0 : nil }
        ),
        SettingDescriptor(
            "RTM_LOG_OPTS",
            "Options of the log driver",
            default: "max-size=10m,max-file=3",
            whenEmpty: "none",
            allowed: "`NAME=VALUE,...` with names of " + oneOf(DockerName.logOptions)
                + ", each at most once and with a value that Docker takes",
            details:
                "Options of the log driver. A driver without files of its own (`journald`, `none`) has no options by "
                + "default, and takes only `mode` and `max-buffer-size`",
            valueName: "name=value,...",
            isRare: true,
            emptyIsValue: true,
            assign: .field(\.logOpts, DockerName.logOpts)
        ),
        SettingDescriptor(
            "RTM_CAP_ADD",
            "Capabilities that games keep",
            whenEmpty: "none",
            allowed: "capability names (`NET_BIND_SERVICE,...`) without `ALL`, separated by commas, none twice",
            valueName: "names",
            isRare: true,
            emptyIsValue: true,
            assign: .field(\.capAdd) { SettingRule.list($0, part: DockerName.capability) }
        ),
        SettingDescriptor(
            "RTM_READ_ONLY_ROOTFS",
            "Read-only root file system, with a tmpfs at /tmp",
            default: "false",
            allowed: allowedFlag,
            details: "Whether games have a read-only root file system, with a tmpfs at `/tmp`",
            valueName: "bool",
            isRare: true,
            assign: .field(\.readOnlyRootfs, SettingRule.flag)
        ),
        SettingDescriptor(
            "RTM_USER",
            "User of the games' processes",
            whenEmpty: "the image's own",
            allowed: "`USER[:GROUP]`, each a name or a number",
            valueName: "user[:group]",
            isRare: true,
            assign: .optional(\.user, SettingRule.owner)
        ),
    ]
}

import DockerPort

/// What Docker's log drivers and capabilities are called, and which options a driver takes.
enum DockerName {
    /// Log drivers that may be chosen.
    static let logDrivers = LogRules.drivers

    /// Log options that may be chosen.
    static let logOptions = LogRules.options

    /// Options that only the drivers which keep files themselves take.
    static let rotatingOptions = LogRules.rotatingOptions

    static func rotates(_ driver: String) -> Bool { LogRules.rotates(driver) }

    /// `k=v,k=v` with the options above, each at most once and with a value that Docker takes.
    static func logOpts(_ text: String) -> [String: String]? {
        var options: [String: String] = [:]
        for pair in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { trimmed($0) }
            guard parts.count == 2, options[parts[0]] == nil, LogRules.allows(parts[0], parts[1]) else { return nil }
            options[parts[0]] = parts[1]
        }
        return options
    }

    /// Capability names as Docker knows them, without `CAP_`. `ALL` is none: it would undo the hardening.
    static let capabilities: Set<String> = [
        "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
        "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE",
        "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST",
        "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
        "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME",
        "SYS_TTY_CONFIG", "WAKE_ALARM",
    ]

    /// The capability that `text` names in either case, with or without `CAP_`.
    static func capability(_ text: String) -> String? {
        let upper = text.uppercased()
        let name = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
        return capabilities.contains(name) ? name : nil
    }
}

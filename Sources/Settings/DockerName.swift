import DockerPort

/// Docker's names of log drivers, log options and capabilities.
enum DockerName {
    /// The allowed log drivers.
    static let logDrivers = LogRules.drivers

    /// The allowed log options.
    static let logOptions = LogRules.options

    /// The options for log drivers with files of their own. Other drivers refuse these options.
    static let rotatingOptions = LogRules.rotatingOptions

    static func rotates(_ driver: String) -> Bool { LogRules.rotates(driver) }

    /// Parses `k=v,k=v`.
    ///
    /// - Returns: The options by name; nil if a name is unknown or occurs twice, or if Docker would refuse a value.
    static func logOpts(_ text: String) -> [String: String]? {
        var options: [String: String] = [:]
        for pair in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { trimmed($0) }
            guard parts.count == 2, options[parts[0]] == nil, LogRules.allows(parts[0], parts[1]) else { return nil }
            options[parts[0]] = parts[1]
        }
        return options
    }

    /// The names of capabilities, without `CAP_`. `ALL` is missing, because `ALL` would undo the hardening.
    static let capabilities: Set<String> = [
        "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
        "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE",
        "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST",
        "NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
        "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME",
        "SYS_TTY_CONFIG", "WAKE_ALARM",
    ]

    /// Returns the capability with the name `text`, in upper or lower case, with or without `CAP_`; nil: unknown.
    static func capability(_ text: String) -> String? {
        let upper = text.uppercased()
        let name = upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
        return capabilities.contains(name) ? name : nil
    }
}

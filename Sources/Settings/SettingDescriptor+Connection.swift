import Observability

extension SettingDescriptor {
    /// The settings of Redis and of the deployment: address, password, namespace, signing keys and settings file.
    package static let connection: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_REDIS_URL",
            "Redis, as redis://, rediss:// (TLS) or unix:// URL",
            default: "redis://127.0.0.1:6379",
            allowed: "redis://HOST[:PORT][/DB], rediss://HOST[:PORT][/DB] or unix:///PATH",
            valueName: "url",
            audience: .everyone,
            disclosure: .maskedURL,
            assign: .field(\.redisURL, SettingRule.redisURL)
        ),
        SettingDescriptor(
            "RTM_REDIS_PASSWORD_FILE",
            "File with the password of Redis, instead of one in the URL",
            allowed: "the path of a file that can be read",
            valueName: "path",
            audience: .everyone,
            namesFile: true,
            assign: .optional(\.redisPasswordFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_NAMESPACE",
            "Separates this deployment from others on the same Redis",
            default: "rtm",
            allowed: "1 to 64 of A-Z a-z 0-9 _ . -",
            valueName: "name",
            audience: .everyone,
            assign: .field(\.namespace) { SettingRule.word($0, "_.-", upTo: 64) ? $0 : nil }
        ),
        SettingDescriptor(
            "RTM_SIGNING_KEY_FILE",
            "Keys of the jobs' signatures, NAME:SECRET a line; a worker with it takes signed jobs only",
            allowed: "the path of a file that can be read",
            valueName: "path",
            audience: .everyone,
            isRare: true,
            namesFile: true,
            assign: .optional(\.signingKeyFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            configName,
            "File with settings, one RTM_NAME=value a line",
            allowed: "the path of a file that can be read",
            valueName: "path",
            audience: .everyone,
            namesFile: true,
            assign: .optional(\.configFile, SettingRule.filePath)
        ),
    ]

    /// The settings of the log.
    static let logging: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_LOG_LEVEL",
            "Least urgent level in the log",
            default: "info",
            allowed: "trace, debug, info, notice, warning, error or critical",
            valueName: "level",
            audience: .everyone,
            assign: .field(\.logLevel, SettingRule.logLevel)
        ),
        SettingDescriptor(
            "RTM_LOG_FORMAT",
            "Format of the log on stderr",
            default: "text",
            allowed: "text or json",
            valueName: "format",
            audience: .everyone,
            assign: .field(\.logFormat) { LogFormat(rawValue: $0) }
        ),
    ]
}

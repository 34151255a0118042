import Logging
import Observability

extension SettingDescriptor {
    /// The settings of Redis and of the deployment: namespace, signing keys and settings file.
    package static let connection: [SettingDescriptor] =
        redis + [
            SettingDescriptor(
                "RTM_NAMESPACE",
                "Separates this deployment from others on the same Redis",
                default: "rtm",
                allowed: "1 to 64 of `A-Z a-z 0-9 _ . -`",
                valueName: "name",
                audience: .everyone,
                assign: .field(\.namespace) { SettingRule.word($0, "_.-", upTo: 64) ? $0 : nil }
            ),
            SettingDescriptor(
                "RTM_SIGNING_KEY_FILE",
                "Keys of the jobs' signatures, NAME:SECRET a line; a worker with it takes signed jobs only",
                allowed: allowedFile,
                details:
                    "File with the keys of the jobs' signatures, `NAME:SECRET` on each line. A worker with keys takes "
                    + "signed jobs only; see section 2, signed jobs",
                valueName: "path",
                audience: .everyone,
                isRare: true,
                namesFile: true,
                assign: .optional(\.signingKeyFile, SettingRule.filePath)
            ),
            SettingDescriptor(
                configName,
                "File with settings, one RTM_NAME=value a line",
                allowed: allowedFile,
                details: "File with settings, `RTM_NAME=value` on each line; at most 1 MiB",
                valueName: "path",
                audience: .everyone,
                namesFile: true,
                assign: .optional(\.configFile, SettingRule.filePath)
            ),
        ]

    /// The values of settings with a path, in words.
    static let allowedFile = "the path of a file that can be read"

    /// The settings of the log.
    static let logging: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_LOG_LEVEL",
            "Least urgent level in the log",
            default: "info",
            allowed: oneOf(Logger.Level.allCases.map(\.rawValue)),
            valueName: "level",
            audience: .everyone,
            assign: .field(\.logLevel, SettingRule.logLevel)
        ),
        SettingDescriptor(
            "RTM_LOG_FORMAT",
            "Format of the log on stderr",
            default: "text",
            allowed: "`text` or `json`",
            valueName: "format",
            audience: .everyone,
            assign: .field(\.logFormat) { LogFormat(rawValue: $0) }
        ),
    ]

    /// Returns the words as Markdown: `a`, `b` or `c`.
    static func oneOf(_ words: [String]) -> String {
        let words = words.map { "`\($0)`" }
        return words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    }
}

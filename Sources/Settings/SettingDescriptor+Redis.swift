extension SettingDescriptor {
    /// The settings of the connections to Redis: address, credentials, TLS and sentinels.
    static let redis: [SettingDescriptor] = [
        SettingDescriptor(
            "RTM_REDIS_URL",
            "Redis, as redis://, rediss:// (TLS), redis+sentinel:// or unix:// URL",
            default: "redis://127.0.0.1:6379",
            // Messages mask a URL with user or query, so these forms stand in the details only.
            allowed: "`redis://HOST[:PORT][/DB]`, `rediss://HOST[:PORT][/DB]`, "
                + "`redis+sentinel://HOST[:PORT],HOST[:PORT]/MASTER[/DB]` or `unix:///PATH`",
            details:
                "Address of Redis; `rediss://` and `rediss+sentinel://` use TLS. Several hosts after `redis://` are "
                + "nodes of a Redis Cluster. After `redis+sentinel://` come the sentinels (port 26379) and the name of "
                + "the master. A URL may have a user and a password, as in `redis://USER:PASSWORD@HOST` or "
                + "`redis://:PASSWORD@HOST`, and a socket a database, as in `unix:///PATH?db=N`",
            valueName: "url",
            audience: .everyone,
            disclosure: .maskedURL,
            assign: .field(\.redisURL, SettingRule.redisURL)
        ),
        SettingDescriptor(
            "RTM_REDIS_PASSWORD_FILE",
            "File with the password of Redis, instead of one in the URL",
            allowed: allowedFile,
            details: "File with the password of Redis, for a URL without a password; at most 4 KiB. A line end after "
                + "the password does not count. A password in both places is refused",
            valueName: "path",
            audience: .everyone,
            namesFile: true,
            assign: .optional(\.redisPasswordFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_REDIS_CA_FILE",
            "Certificate authorities of Redis, in PEM, instead of those of the system",
            allowed: allowedFile,
            details:
                "PEM file with the certificate authorities to trust for `rediss://`, instead of those of the system. "
                + "A worker reads this file, and the next two, again after a change",
            valueName: "path",
            audience: .everyone,
            isRare: true,
            namesFile: true,
            assign: .optional(\.redisCAFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_REDIS_CERT_FILE",
            "Client certificate for Redis, in PEM",
            allowed: allowedFile,
            details:
                "PEM file with the client's certificate and its chain, for a Redis with `tls-auth-clients yes`, which "
                + "is Redis' default",
            valueName: "path",
            audience: .everyone,
            isRare: true,
            namesFile: true,
            assign: .optional(\.redisCertFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_REDIS_KEY_FILE",
            "Private key of the client certificate for Redis, in PEM",
            allowed: allowedFile,
            details: "PEM file with the private key of `RTM_REDIS_CERT_FILE`",
            valueName: "path",
            audience: .everyone,
            isRare: true,
            namesFile: true,
            assign: .optional(\.redisKeyFile, SettingRule.filePath)
        ),
        SettingDescriptor(
            "RTM_REDIS_SENTINEL_USER",
            "ACL user at the sentinels",
            allowed: "printable ASCII without spaces",
            valueName: "name",
            audience: .everyone,
            isRare: true,
            assign: .optional(\.redisSentinelUser, SettingRule.userName)
        ),
        SettingDescriptor(
            "RTM_REDIS_SENTINEL_PASSWORD_FILE",
            "File with the password of the sentinels",
            allowed: allowedFile,
            details:
                "File with the password of the sentinels, as `RTM_REDIS_PASSWORD_FILE`. The password of the master is "
                + "not sent to the sentinels",
            valueName: "path",
            audience: .everyone,
            isRare: true,
            namesFile: true,
            assign: .optional(\.redisSentinelPasswordFile, SettingRule.filePath)
        ),
    ]
}

import JobContract
import Redis
import Terminal

extension Settings {
    /// Returns the address and credentials of Redis.
    ///
    /// - Throws: `CommandError.wrongUse` for settings that contradict each other, and for unusable files.
    package func redisConfiguration() throws(CommandError) -> RedisConfiguration {
        var configuration: RedisConfiguration
        do throws(RedisURLError) {
            configuration = try RedisConfiguration(url: redisURL)
        } catch {
            throw .wrongUse("RTM_REDIS_URL: \(error)")
        }
        configuration.homeKey = Keyspace(namespace: namespace).meta
        try addPassword(to: &configuration)
        try addSentinelLogin(to: &configuration)
        try addEncryption(to: &configuration)
        return configuration
    }

    private func addPassword(to configuration: inout RedisConfiguration) throws(CommandError) {
        guard let path = redisPasswordFile else { return }
        guard configuration.password == nil else {
            throw .wrongUse("RTM_REDIS_PASSWORD_FILE: RTM_REDIS_URL has a password, too; give one of them")
        }
        configuration.password = try Self.password(inFile: path, of: "RTM_REDIS_PASSWORD_FILE")
    }

    private func addSentinelLogin(to configuration: inout RedisConfiguration) throws(CommandError) {
        let (user, file) = (redisSentinelUser, redisSentinelPasswordFile)
        guard user != nil || file != nil else { return }
        guard case .sentinels(var group) = configuration.server else {
            let name = user != nil ? "RTM_REDIS_SENTINEL_USER" : "RTM_REDIS_SENTINEL_PASSWORD_FILE"
            throw .wrongUse("\(name): RTM_REDIS_URL names no sentinels (redis+sentinel://)")
        }
        guard let file else {
            throw .wrongUse("RTM_REDIS_SENTINEL_USER: RTM_REDIS_SENTINEL_PASSWORD_FILE is missing")
        }
        group.username = user
        group.password = try Self.password(inFile: file, of: "RTM_REDIS_SENTINEL_PASSWORD_FILE")
        configuration.server = .sentinels(group)
    }

    private func addEncryption(to configuration: inout RedisConfiguration) throws(CommandError) {
        let files = [
            ("RTM_REDIS_CA_FILE", redisCAFile), ("RTM_REDIS_CERT_FILE", redisCertFile),
            ("RTM_REDIS_KEY_FILE", redisKeyFile),
        ]
        if !configuration.usesTLS, let given = files.first(where: { $0.1 != nil }) {
            throw .wrongUse("\(given.0): RTM_REDIS_URL uses no TLS (rediss:// or rediss+sentinel://)")
        }
        guard (redisCertFile == nil) == (redisKeyFile == nil) else {
            throw .wrongUse("RTM_REDIS_CERT_FILE and RTM_REDIS_KEY_FILE: give both, or none")
        }
        configuration.tlsCACertificateFile = redisCAFile
        (configuration.tlsCertificateFile, configuration.tlsKeyFile) = (redisCertFile, redisKeyFile)
    }
}

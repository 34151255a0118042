import Redis

/// What a person does about a Redis that cannot be used.
package enum RedisHint {
    /// Returns the next step after an error, by the error's text.
    package static func text(for error: String) -> String {
        if RedisError.refusesLogin(error) {
            return "is the user in RTM_REDIS_URL right, and the password there or in RTM_REDIS_PASSWORD_FILE?"
        }
        if error.contains(RedisError.silence) { return "Redis hangs or is busy: see its log and SLOWLOG GET" }
        return "is Redis running there, and is RTM_REDIS_URL right?"
    }

    /// Returns the fix of the doctor for an error.
    ///
    /// - Parameter address: The address of Redis from the settings.
    package static func mend(for error: String, at address: String) -> String {
        if RedisError.refusesLogin(error) {
            return "correct the user in RTM_REDIS_URL, or the password there or in RTM_REDIS_PASSWORD_FILE"
        }
        if error.contains(RedisError.silence) {
            return "see Redis' log, and whether its process is stopped or its machine overloaded; then "
                + "systemctl restart redis-server"
        }
        return "systemctl start redis-server, or let RTM_REDIS_URL name another (now \(address))"
    }
}

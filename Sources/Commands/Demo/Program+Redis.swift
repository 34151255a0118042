import Logging
import Redis
import Terminal

extension Program {
    /// Runs `body` beside a private Redis without persistence, at the socket `redis.sock` in `directory`.
    ///
    /// - Parameter user: The program that needs Redis, for the message about a missing `redis-server`.
    /// - Throws: ``CommandError`` if Redis is missing or does not start. Also the error of `body`.
    package static func withRedis<R: Sendable>(
        for user: String,
        in directory: String,
        logger: Logger,
        _ body: (RedisConfiguration) async throws -> R
    ) async throws -> R {
        guard await exists("redis-server") else {
            throw CommandError.failed("the \(user) needs redis-server: apt-get install redis-server")
        }
        let socket = "\(directory)/redis.sock"
        let log = "\(directory)/redis.log"
        let words = [
            "redis-server", "--port", "0", "--unixsocket", socket, "--dir", directory,
            "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction",
        ]
        let configuration = try RedisConfiguration(url: "unix://\(socket)")
        return try await with(words, log: log) {
            try await awaitReadiness("the private redis-server", log: log) {
                (try? await Actions.requireRedis(configuration, logger: logger)) != nil
            }
            return try await body(configuration)
        }
    }
}

import Logging
import Redis
import Support

/// A private server and a client on its Unix socket, for the scope of `body`.
func withServerAndClient<R: Sendable>(
    extraArguments: [String] = [],
    _ change: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (PrivateRedis, RedisClient) async throws -> R
) async throws -> R {
    try await PrivateRedis.with(extraArguments: extraArguments) { server in
        var configuration = try RedisConfiguration.patient(server.unixURL)
        change(&configuration)
        return try await RedisClient.withClient(configuration, logger: .silent) { client in
            try await body(server, client)
        }
    }
}

extension PrivateRedis {
    /// One command on a connection of its own, beside whatever the test is about.
    @discardableResult
    func ask(_ command: RedisCommand, acceptsReplica: Bool = false) async throws -> RedisValue {
        var configuration = try RedisConfiguration.patient(unixURL)
        configuration.acceptsReplica = acceptsReplica
        let connection = RedisBlockingConnection(configuration, logger: .silent)
        do {
            let value = try await connection.send(command, serverTimeout: .zero)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    /// How many clients wait in a blocking command.
    func blockedClients() async throws -> Int {
        let info = try await ask(RedisCommand("INFO", "clients")).string ?? ""
        let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("blocked_clients:") }
        return line.flatMap { Int($0.dropFirst("blocked_clients:".count)) } ?? -1
    }
}

extension RedisConfiguration {
    /// Time-outs that no busy machine exceeds: where a test is not about one, none should decide it.
    static func patient(_ url: String) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: url)
        configuration.connectTimeout = .seconds(60)
        configuration.commandTimeout = .seconds(60)
        return configuration
    }
}

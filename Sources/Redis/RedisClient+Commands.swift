import Logging

extension RedisClient {
    /// Sends one command and returns the reply.
    ///
    /// - Parameter timeout: the time limit, counted from the call; nil: `commandTimeout`.
    /// - Throws: `RedisError.server` for an error reply.
    package func send(_ command: RedisCommand, timeout: Duration? = nil) async throws(RedisError) -> RedisValue {
        switch try await perform(.single(command), timeout: timeout) {
        case .single(let value): return value
        case .pipeline: throw .protocolViolation("several replies to one command")
        }
    }

    /// Writes the commands in one go and in order, and returns all replies.
    ///
    /// Error replies stay values, so that one refused command does not hide the other replies. A pipeline is no
    /// transaction: the server may run commands of other clients in between.
    package func pipeline(
        _ commands: [RedisCommand],
        timeout: Duration? = nil
    ) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        switch try await perform(.pipeline(commands), timeout: timeout) {
        case .pipeline(let values): return values
        case .single: throw .protocolViolation("one reply to several commands")
        }
    }

    /// Runs a script by digest (`EVALSHA`). If the server does not have the script, the function sends the source
    /// (`EVAL`), and the server keeps the script.
    ///
    /// - Parameter timeout: the time limit for each of the two commands.
    package func evaluate(
        _ script: RedisScript,
        keys: [String],
        arguments: [RedisArgument],
        timeout: Duration? = nil
    ) async throws(RedisError) -> RedisValue {
        do throws(RedisError) {
            return try await send(script.command(keys: keys, arguments: arguments), timeout: timeout)
        } catch .server(let error) where error.code == "NOSCRIPT" {
            return try await send(script.loadingCommand(keys: keys, arguments: arguments), timeout: timeout)
        }
    }

    /// Runs `body` with a client, and stops the client afterwards. For command lines and tests.
    package static func withClient<R>(
        _ configuration: RedisConfiguration,
        clientName: String? = nil,
        logger: Logger,
        _ body: (RedisClient) async throws -> R
    ) async throws -> R {
        let client = RedisClient(configuration, clientName: clientName, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            defer { group.cancelAll() }
            return try await body(client)
        }
    }

    private func perform(_ content: Call.Content, timeout: Duration?) async throws(RedisError) -> Call.Reply {
        let call = Call(content, timeout: timeout ?? configuration.commandTimeout)
        return try await call.outcome(submit: submit).get()
    }
}

/// A library of functions (Redis `FUNCTION LOAD`). The server keeps the library across restarts and on its replicas.
package struct RedisFunctionLibrary: Sendable, Equatable {
    /// The library's name, which is also the beginning of the names of its functions: `NAME_function`.
    package let name: String
    /// The Lua source, with the line `#!lua name=NAME` at its beginning.
    package let source: String

    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    /// The command that loads the library, also if the server has it already.
    package var loadingCommand: RedisCommand { RedisCommand("FUNCTION", "LOAD", "REPLACE", .string(source)) }

    /// Returns the command that calls a function (`FCALL`).
    package func command(_ function: String, keys: [String], argument: String) -> RedisCommand {
        var all: [RedisArgument] = [.string("\(name)_\(function)"), .integer(Int64(keys.count))]
        all += keys.map { RedisArgument.string($0) }
        all.append(.string(argument))
        return RedisCommand("FCALL", arguments: all)
    }

    /// Returns whether a reply says that the server does not have the function.
    static func isMissing(_ reply: RedisValue) -> Bool {
        guard case .error(let error) = reply else { return false }
        return error.code == "ERR" && error.message == "Function not found"
    }
}

extension RedisClient {
    /// Calls functions of a library in one go and in order, and returns all replies. If the server does not have the
    /// library, the function loads it and calls again.
    ///
    /// Error replies stay values. Other clients' commands may run between two calls.
    ///
    /// - Parameter timeout: the time limit for each of the three steps.
    package func call(
        _ library: RedisFunctionLibrary,
        _ commands: [RedisCommand],
        timeout: Duration? = nil
    ) async throws(RedisError) -> [RedisValue] {
        var replies = try await pipeline(commands, timeout: timeout)
        let missing = replies.indices.filter { RedisFunctionLibrary.isMissing(replies[$0]) }
        guard !missing.isEmpty else { return replies }
        _ = try await send(library.loadingCommand, timeout: timeout)
        let again = try await pipeline(missing.map { commands[$0] }, timeout: timeout)
        for (index, reply) in zip(missing, again) { replies[index] = reply }
        return replies
    }
}

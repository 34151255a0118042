import Primitives

/// A Lua script, identified by the digest of its source as in the server's script cache.
package struct RedisScript: Sendable, Equatable {
    /// The script's name in errors and logs.
    package let name: String
    /// The Lua source. The server hashes exactly these bytes.
    package let source: String
    /// The SHA-1 digest of the source in lower-case hex: the first argument of `EVALSHA`.
    package let sha1: String

    /// Creates a script and computes the digest.
    package init(name: String, source: String) {
        self.name = name
        self.source = source
        self.sha1 = Hex.string(Digest.sha1(source.utf8))
    }

    /// Returns the `EVALSHA` command for these keys and arguments. The sender of the command handles the reply
    /// `NOSCRIPT`.
    package func command(keys: [String], arguments: [RedisArgument]) -> RedisCommand {
        command("EVALSHA", body: sha1, keys: keys, arguments: arguments)
    }

    /// Returns the `EVAL` command with the source. The server also stores the script.
    package func loadingCommand(keys: [String], arguments: [RedisArgument]) -> RedisCommand {
        command("EVAL", body: source, keys: keys, arguments: arguments)
    }

    private func command(
        _ verb: String,
        body: String,
        keys: [String],
        arguments: [RedisArgument]
    ) -> RedisCommand {
        var all: [RedisArgument] = [.string(body), .integer(Int64(keys.count))]
        all.reserveCapacity(keys.count + arguments.count + 2)
        all.append(contentsOf: keys.map(RedisArgument.string))
        all.append(contentsOf: arguments)
        return RedisCommand(verb, arguments: all)
    }
}

import Crypto

/// A Lua script, named by the digest of its source, as the server's script cache does.
package struct RedisScript: Sendable, Equatable {
    /// What people call it, for errors and logs.
    package let name: String
    /// The Lua source, byte for byte as the server hashes it.
    package let source: String
    /// SHA-1 of the source in lower-case hex, the first argument of `EVALSHA`.
    package let sha1: String

    /// A script of this name and source.
    package init(name: String, source: String) {
        self.name = name
        self.source = source
        self.sha1 = Self.hex(Insecure.SHA1.hash(data: Array(source.utf8)))
    }

    /// `EVALSHA` with these keys and arguments: for a pipeline, whose caller answers `NOSCRIPT` itself.
    package func command(keys: [String], arguments: [RedisArgument]) -> RedisCommand {
        command("EVALSHA", body: sha1, keys: keys, arguments: arguments)
    }

    /// `EVAL` with the source, which also loads it.
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

    private static func hex(_ digest: Insecure.SHA1.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(40)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

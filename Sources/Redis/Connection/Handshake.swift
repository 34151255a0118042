/// The first commands on a new connection, and the check of the replies.
///
/// The handshake avoids `HELLO`, because every version of hiredis reads RESP2. `PING` comes last. If the server demands
/// a password or is still loading data, the handshake fails, and no caller's command has to fail first.
struct Handshake: Equatable {
    let commands: [RedisCommand]

    init(_ configuration: RedisConfiguration, clientName: String?) {
        var commands: [RedisCommand] = []
        if configuration.username != nil || configuration.password != nil {
            let login = [configuration.username, configuration.password ?? ""].compactMap { $0 }
            commands.append(RedisCommand("AUTH", arguments: login.map(RedisArgument.string)))
        }
        if configuration.database != 0 {
            commands.append(RedisCommand("SELECT", .integer(Int64(configuration.database))))
        }
        if let clientName {
            commands.append(RedisCommand("CLIENT", "SETNAME", .string(Self.allowed(clientName))))
        }
        commands.append(RedisCommand("PING"))
        self.commands = commands
    }

    /// Returns the reason against using the connection, or `nil`. `NOPERM` for `CLIENT` or `PING` is no such reason:
    /// the connection works without both.
    func failure(in replies: [RedisValue]) -> String? {
        for (command, reply) in zip(commands, replies) {
            guard case .error(let error) = reply else { continue }
            if error.code == "NOPERM", ["CLIENT", "PING"].contains(command.name) { continue }
            return "\(command.name) refused: \(error)"
        }
        return nil
    }

    /// Replaces all characters but printable ASCII by `-`. The server accepts no spaces in a client name.
    private static func allowed(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { ("!"..."~").contains($0) ? $0 : "-" }))
    }
}

/// What a new connection says first, and how the answers are read.
///
/// `HELLO` is not used: RESP2 is what every version of hiredis reads. `PING` comes last, so that a server that
/// demands a password or still loads its data is found here and not by the first caller.
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

    /// Why the connection cannot be used, or `nil`. `NOPERM` is no obstacle where only a courtesy was refused.
    func failure(in replies: [RedisValue]) -> String? {
        for (command, reply) in zip(commands, replies) {
            guard case .error(let error) = reply else { continue }
            if error.code == "NOPERM", ["CLIENT", "PING"].contains(command.name) { continue }
            return "\(command.name) refused: \(error)"
        }
        return nil
    }

    /// The server takes printable ASCII without spaces.
    private static func allowed(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { ("!"..."~").contains($0) ? $0 : "-" }))
    }
}

/// The first commands on a new connection, and the check of the replies.
///
/// The handshake avoids `HELLO`, because every version of hiredis reads RESP2. `PING` comes last. If the server demands
/// a password or is still loading data, the handshake fails, and no caller's command has to fail first.
struct Handshake: Equatable {
    /// The result of the handshake.
    enum Verdict: Equatable {
        case accepted
        /// Another node of the cluster has the keys.
        case redirected(RedisConfiguration.Endpoint)
        /// The connection is of no use, for this reason.
        case refused(String)
    }

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
        // In a cluster, the node of the key answers, and every other node names it.
        if let key = configuration.homeKey { commands.append(RedisCommand("EXISTS", .string(key))) }
        if !configuration.acceptsReplica { commands.append(RedisCommand("ROLE")) }
        commands.append(RedisCommand("PING"))
        self.commands = commands
    }

    /// Returns the result of the replies.
    ///
    /// - Parameter server: The server that has sent the replies.
    func verdict(on replies: [RedisValue], of server: RedisConfiguration.Endpoint) -> Verdict {
        for (command, reply) in zip(commands, replies) {
            if case .error(let error) = reply {
                if let node = error.redirection(from: server) { return .redirected(node) }
                if Self.isHarmless(error, to: command) { continue }
                return .refused("\(command.name) refused: \(error)")
            }
            if command.name == "ROLE", let refusal = Self.refusal(ofRole: reply) { return .refused(refusal) }
        }
        return .accepted
    }

    /// Returns whether the connection works without the refused command. Some users may not run it, some services do
    /// not know it, and during a move of the slot the node of the key is still this one.
    private static func isHarmless(_ error: RedisServerError, to command: RedisCommand) -> Bool {
        switch command.name {
        // A server that cannot write to its disk refuses PING, too, but answers commands that only read.
        case "PING": error.code == "NOPERM" || error.code == "MISCONF"
        case "EXISTS": error.code == "NOPERM" || error.code == "ASK"
        case "CLIENT", "ROLE": error.code == "NOPERM" || error.code == "ERR"
        default: false
        }
    }

    /// Returns the reason against a server with this role: `slave HOST PORT …` of a replica, `sentinel` of a sentinel.
    private static func refusal(ofRole reply: RedisValue) -> String? {
        let words = reply.array ?? []
        guard let role = words.first?.string, role != "master" else { return nil }
        guard role == "slave", words.count > 2, let host = words[1].string, let port = words[2].integer else {
            return "this is a \(role), not a master"
        }
        let master = RedisConfiguration.Endpoint.tcp(host: host, port: Int(port))
        return "this is a replica, which takes no writes; its master is \(master)"
    }

    /// Replaces all characters but printable ASCII by `-`. The server accepts no spaces in a client name.
    private static func allowed(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { ("!"..."~").contains($0) ? $0 : "-" }))
    }
}

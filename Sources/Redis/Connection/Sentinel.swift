/// The calls to one sentinel.
struct Sentinel: Sendable {
    /// The time limit for a connection to a sentinel, and for each reply. It is short, because there are other sentinels.
    private static let patience = Duration.milliseconds(500)
    /// The time between two checks of a silent connection.
    private static let checkInterval = Duration.seconds(2)
    /// Limit of announcements that wait.
    private static let mostWaiting = 16
    private static let channel = "+switch-master"

    private let address: RedisConfiguration.Endpoint
    private let name: String
    private let connector: Connector

    /// - Parameter configuration: The configuration of the master's connections. The sentinels have the same TLS.
    init(_ address: RedisConfiguration.Endpoint, of group: RedisSentinels, _ configuration: RedisConfiguration) {
        var own = RedisConfiguration(endpoint: address)
        own.usesTLS = configuration.usesTLS
        own.tlsCACertificateFile = configuration.tlsCACertificateFile
        own.tlsCertificateFile = configuration.tlsCertificateFile
        own.tlsKeyFile = configuration.tlsKeyFile
        (own.username, own.password) = (group.username, group.password)
        own.connectTimeout = min(configuration.connectTimeout, Self.patience)
        own.acceptsReplica = true
        self.address = address
        name = group.master
        connector = Connector(own, clientName: nil)
    }

    /// Returns the address of the master.
    ///
    /// Source: `SENTINEL GET-MASTER-ADDR-BY-NAME`.
    ///
    /// - Throws: `RedisError.connection` if the sentinel does not answer or does not know the master.
    func master() async throws(RedisError) -> RedisConfiguration.Endpoint {
        let session = try await open()
        defer { session.close("the sentinel has answered") }
        let command = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", .string(name))
        let words = try await reply(to: command, on: session).array ?? []
        guard words.count == 2, let host = words[0].string, let port = words[1].integer else {
            let reason = "sentinel \(address) knows no master named \(name)"
            throw .connection(reason: reason, mayHaveHappened: false)
        }
        return .tcp(host: host, port: Int(port))
    }

    /// Hears the sentinel's announcements of another master until the connection breaks or the task is cancelled.
    ///
    /// Source: `SUBSCRIBE +switch-master`.
    ///
    /// - Parameters:
    ///   - announced: Called with each announced master.
    ///   - whenHearing: Called when the subscription exists.
    func hear(
        _ announced: @escaping @Sendable (RedisConfiguration.Endpoint) -> Void,
        whenHearing: () async -> Void
    ) async throws(RedisError) {
        let session = try await open()
        defer { session.close("nobody hears the sentinel any more") }
        let (messages, continuation) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingNewest(Self.mostWaiting)
        )
        session.hear { continuation.yield($0) }
        session.whenClosed { continuation.finish() }
        _ = try await reply(to: RedisCommand("SUBSCRIBE", .string(Self.channel)), on: session)
        await whenHearing()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await check(session) }
            for await message in messages {
                if let master = Self.master(in: message, named: name) { announced(master) }
            }
            group.cancelAll()
        }
    }

    /// Returns the new master in an announcement: `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`; nil: of another master.
    static func master(in announcement: String, named name: String) -> RedisConfiguration.Endpoint? {
        let words = announcement.split(separator: " ")
        guard words.count == 5, words[0] == name, let port = Int(words[4]) else { return nil }
        return .tcp(host: String(words[3]), port: port)
    }

    /// Closes the connection when the sentinel is silent. A half-open connection would hear nothing for ever.
    private func check(_ session: Session) async {
        while !Task.isCancelled, session.isActive {
            do {
                // Only the pace of the checks. The end of the connection cancels this task.
                try await Task.sleep(for: Self.checkInterval)
                _ = try await reply(to: RedisCommand("PING"), on: session)
            } catch {
                return session.close("the sentinel does not answer")
            }
        }
    }

    private func open() async throws(RedisError) -> Session {
        let session = try await connector.connect()
        _ = try await connector.introduce(to: session)
        return session
    }

    private func reply(to command: RedisCommand, on session: Session) async throws(RedisError) -> RedisValue {
        switch await session.perform(.single(command), timeout: Self.patience) {
        case .success(.single(let value)): return value
        case .success(.pipeline): throw .protocolViolation("several replies to one command")
        case .failure(.server(let error)):
            throw .connection(reason: "sentinel \(address) refused \(command.name): \(error)", mayHaveHappened: false)
        case .failure(let error): throw error
        }
    }
}

import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections to the server and performs the handshake.
final class Connector: Sendable {
    let configuration: RedisConfiguration
    let eventLoop: any EventLoop
    /// The way to the server.
    let locator: ServerLocator
    private let clientName: String?
    private let largestString: Int?
    private let encryption: EncryptionContexts

    /// - Parameters:
    ///   - eventLoop: the event loop of the connections; nil: any event loop of the process.
    ///   - largestString: see ``ReplyReader``.
    ///   - locator: the locator to share; nil: one for this connector alone.
    init(
        _ configuration: RedisConfiguration,
        clientName: String?,
        eventLoop: (any EventLoop)? = nil,
        largestString: Int? = nil,
        locator: ServerLocator? = nil
    ) {
        self.configuration = configuration
        self.largestString = largestString
        self.clientName = clientName
        self.eventLoop = eventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
        self.locator = locator ?? ServerLocator(configuration)
        encryption = EncryptionContexts(configuration)
    }

    /// Finds the server and opens a socket. If the task is cancelled, the function throws without waiting for the
    /// socket.
    func connect() async throws(RedisError) -> Session {
        let server = try await locator.address()
        do {
            let opening = open(server, try await encryption.current())
            // The connection or the cancellation completes the promise. The cascade always completes the promise in the
            // end.
            let promise = eventLoop.makePromise(of: Session.self)
            opening.cascade(to: promise)
            let session = try await withTaskCancellationHandler {
                do {
                    return try await promise.futureResult.get()
                } catch let error as CancellationError {
                    opening.whenSuccess { $0.close("nobody waits for it") }
                    throw error
                }
            } onCancel: {
                promise.fail(CancellationError())
            }
            locator.opened(session)
            return session
        } catch is CancellationError {
            throw .cancelled(mayHaveHappened: false)
        } catch {
            locator.failed(server)
            throw .connection(
                reason: "cannot connect to \(name(of: server)): \(ConnectionFailure.describe(error))",
                mayHaveHappened: false
            )
        }
    }

    /// Authenticates, selects the database, and checks the server's role. On an error, closes the connection.
    ///
    /// Returns false if another node of the cluster has the keys. Then the connection is closed, and the next one leads to
    /// that node.
    func introduce(to session: Session) async throws(RedisError) -> Bool {
        let handshake = Handshake(configuration, clientName: clientName)
        let reason: String
        switch await session.perform(.pipeline(handshake.commands), timeout: configuration.attemptTimeout) {
        case .success(.pipeline(let replies)):
            switch handshake.verdict(on: replies, of: session.server) {
            case .accepted: return true
            case .redirected(let node):
                locator.redirected(to: node)
                session.close("another node of the cluster has the keys")
                return false
            case .refused(let text): reason = text
            }
        case .success(.single):
            reason = "one reply to several commands"
        case .failure(.cancelled):
            session.close("nobody waits for it")
            throw .cancelled(mayHaveHappened: false)
        case .failure(.connection(let detail, _)):
            reason = await encryption.diagnosis(of: detail, at: session.server, on: eventLoop) ?? detail
        case .failure(.timeout):
            let hint = configuration.usesTLS ? " (does this port speak TLS?)" : ""
            let limit = TimeAmount(configuration.attemptTimeout).nanoseconds / 1_000_000
            reason = "\(RedisError.silence) no answer within \(limit) ms\(hint)"
        case .failure(let error):
            reason = "\(error)"
        }
        session.close(reason)
        locator.failed(session.server)
        throw .connection(reason: "cannot use \(name(of: session.server)): \(reason)", mayHaveHappened: false)
    }

    /// Returns the name of a server for logs and messages: the configured name, and the server's address if the name has
    /// others, too.
    func name(of server: RedisConfiguration.Endpoint) -> String {
        if case .at(let only) = configuration.server, only == server { return configuration.displayName }
        return "\(server) of \(configuration.displayName)"
    }

    private func open(
        _ server: RedisConfiguration.Endpoint,
        _ encryption: NIOSSLContext?
    ) -> EventLoopFuture<Session> {
        let (configuration, largestString) = (configuration, largestString)
        // A server may refuse the connection at once, and the channel may be closed before the connection is reported. Its
        // pipeline is empty then, but the handler knows the server's words.
        let handler = NIOLoopBoundBox.makeEmptyBox(valueType: RedisChannelHandler.self, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.attemptTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 16_384, maximum: 262_144)
            )
            .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 18, high: 1 << 20))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let encryption {
                        try channel.pipeline.syncOperations.addHandler(encryption.handler(for: server))
                    }
                    let new = try RedisChannelHandler(
                        eventLoop: channel.eventLoop,
                        maximumReplyBytes: configuration.maximumReplyBytes,
                        largestString: largestString,
                        acceptsReplica: configuration.acceptsReplica
                    )
                    try channel.pipeline.syncOperations.addHandler(new)
                    handler.value = new
                }
            }
        return bootstrap.connect(to: server).flatMapThrowing { channel in
            guard let handler = handler.value else { throw RedisError.closed }
            let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
            return Session(server: server, channel: channel, handler: bound)
        }
    }
}

extension ClientBootstrap {
    /// Opens a socket to an address.
    func connect(to server: RedisConfiguration.Endpoint) -> EventLoopFuture<any Channel> {
        switch server {
        case .tcp(let host, let port):
            channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
        case .unix(let path):
            connect(unixDomainSocketPath: path)
        }
    }
}

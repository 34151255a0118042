import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Opens connections to one server and performs the handshake.
final class Connector: Sendable {
    let configuration: RedisConfiguration
    let eventLoop: any EventLoop
    private let clientName: String?
    private let largestString: Int?
    /// The TLS context, created once: reading the system's certificate authorities takes milliseconds.
    private let encryption = Mutex<NIOSSLContext?>(nil)

    /// - Parameters:
    ///   - eventLoop: the event loop of the connections; nil: any event loop of the process.
    ///   - largestString: see ``ReplyReader``.
    init(
        _ configuration: RedisConfiguration,
        clientName: String?,
        eventLoop: (any EventLoop)? = nil,
        largestString: Int? = nil
    ) {
        self.configuration = configuration
        self.largestString = largestString
        self.clientName = clientName
        self.eventLoop = eventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
    }

    /// Opens a socket. If the task is cancelled, the function throws without waiting for the socket.
    func connect() async throws(RedisError) -> Session {
        do {
            let opening = open(try await encryptionContext())
            // The connection or the cancellation completes the promise. The cascade always completes the promise in the
            // end.
            let promise = eventLoop.makePromise(of: Session.self)
            opening.cascade(to: promise)
            return try await withTaskCancellationHandler {
                do {
                    return try await promise.futureResult.get()
                } catch let error as CancellationError {
                    opening.whenSuccess { $0.close("nobody waits for it") }
                    throw error
                }
            } onCancel: {
                promise.fail(CancellationError())
            }
        } catch is CancellationError {
            throw .cancelled(mayHaveHappened: false)
        } catch {
            throw .connection(
                reason: "cannot connect to \(configuration.displayName): \(ConnectionFailure.describe(error))",
                mayHaveHappened: false
            )
        }
    }

    /// Authenticates and selects the database. On an error, closes the connection.
    func introduce(to session: Session) async throws(RedisError) {
        let handshake = Handshake(configuration, clientName: clientName)
        let reason: String
        switch await session.perform(.pipeline(handshake.commands), timeout: configuration.connectTimeout) {
        case .success(.pipeline(let replies)):
            guard let failure = handshake.failure(in: replies) else { return }
            reason = failure
        case .success(.single):
            reason = "one reply to several commands"
        case .failure(.cancelled):
            session.close("nobody waits for it")
            throw .cancelled(mayHaveHappened: false)
        case .failure(.connection(let detail, _)):
            reason = detail
        case .failure(.timeout):
            let hint = configuration.usesTLS ? " (does this port speak TLS?)" : ""
            reason = "no answer within \(TimeAmount(configuration.connectTimeout).nanoseconds / 1_000_000) ms\(hint)"
        case .failure(let error):
            reason = "\(error)"
        }
        session.close(reason)
        throw .connection(reason: "cannot use \(configuration.displayName): \(reason)", mayHaveHappened: false)
    }

    private func open(_ encryption: NIOSSLContext?) -> EventLoopFuture<Session> {
        let (configuration, largestString) = (configuration, largestString)
        // A server may refuse the connection at once, and the channel may be closed before the connection is reported. Its
        // pipeline is empty then, but the handler knows the server's words.
        let handler = NIOLoopBoundBox.makeEmptyBox(valueType: RedisChannelHandler.self, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 16_384, maximum: 262_144)
            )
            .channelOption(.writeBufferWaterMark, value: .init(low: 1 << 18, high: 1 << 20))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    handler.value = try Self.fill(channel, configuration, encryption, largestString)
                }
            }
        let connected =
            switch configuration.endpoint {
            case .tcp(let host, let port):
                bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
            case .unix(let path):
                bootstrap.connect(unixDomainSocketPath: path)
            }
        return connected.flatMapThrowing { channel in
            guard let handler = handler.value else { throw RedisError.closed }
            return Session(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
        }
    }

    private static func fill(
        _ channel: any Channel,
        _ configuration: RedisConfiguration,
        _ encryption: NIOSSLContext?,
        _ largestString: Int?
    ) throws -> RedisChannelHandler {
        if let encryption, case .tcp(let host, _) = configuration.endpoint {
            // The server's certificate must match the address or the host name. TLS sends only host names as SNI.
            let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
            let handler = try NIOSSLClientHandler(context: encryption, serverHostname: isAddress ? nil : host)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        let handler = try RedisChannelHandler(
            eventLoop: channel.eventLoop,
            maximumReplyBytes: configuration.maximumReplyBytes,
            largestString: largestString
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        return handler
    }

    private func encryptionContext() async throws -> NIOSSLContext? {
        guard configuration.usesTLS else { return nil }
        if let context = encryption.withLock({ $0 }) { return context }
        let file = configuration.tlsCACertificateFile
        let context = try await NIOThreadPool.singleton.runIfActive {
            var settings = TLSConfiguration.makeClientConfiguration()
            if let file { settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file)) }
            return try NIOSSLContext(configuration: settings)
        }
        encryption.withLock { $0 = context }
        return context
    }
}

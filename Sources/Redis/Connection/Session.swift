import NIOCore

/// An open connection, usable from any thread.
struct Session: Sendable {
    /// The server at the other end.
    let server: RedisConfiguration.Endpoint
    private let channel: any Channel
    /// The protocol handler. Use the handler on the event loop only.
    let handler: NIOLoopBound<RedisChannelHandler>

    init(
        server: RedisConfiguration.Endpoint,
        channel: any Channel,
        handler: NIOLoopBound<RedisChannelHandler>
    ) {
        self.server = server
        self.channel = channel
        self.handler = handler
    }

    /// The identity of the connection.
    var id: ObjectIdentifier { ObjectIdentifier(channel) }

    /// Whether the socket is open, as far as the client knows.
    var isActive: Bool { channel.isActive }

    /// Writes one call alone and waits for the outcome.
    func perform(_ content: Call.Content, timeout: Duration) async -> Call.Outcome {
        await Call(content, timeout: timeout).outcome { call in
            channel.eventLoop.execute { handler.value.write([call]) }
        }
    }

    /// Receives the messages of the channels that the connection subscribes to. Subscribe afterwards.
    func hear(_ message: @escaping @Sendable (String) -> Void) {
        channel.eventLoop.execute { handler.value.hear(message) }
    }

    /// Closes the socket. Unanswered calls fail with `reason`.
    func close(_ reason: String) {
        channel.eventLoop.execute { handler.value.close(reason) }
    }

    /// Waits until either side has closed the socket.
    func closed() async {
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }

    /// Calls a function when either side has closed the socket.
    func whenClosed(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }
}

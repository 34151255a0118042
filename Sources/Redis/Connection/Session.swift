import NIOCore

/// An open connection, usable from any thread.
struct Session: Sendable {
    private let channel: any Channel
    /// The protocol handler. Use the handler on the event loop only.
    let handler: NIOLoopBound<RedisChannelHandler>

    init(channel: any Channel, handler: NIOLoopBound<RedisChannelHandler>) {
        self.channel = channel
        self.handler = handler
    }

    /// Whether the socket is open, as far as the client knows.
    var isActive: Bool { channel.isActive }

    /// Writes one call alone and waits for the outcome.
    func perform(_ content: Call.Content, timeout: Duration) async -> Call.Outcome {
        await Call(content, timeout: timeout).outcome { call in
            channel.eventLoop.execute { handler.value.write([call]) }
        }
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
}

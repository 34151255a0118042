import NIOCore

/// One open connection, usable from anywhere.
struct Session: Sendable {
    private let channel: any Channel
    /// The protocol; on the event loop only.
    let handler: NIOLoopBound<RedisChannelHandler>

    init(channel: any Channel, handler: NIOLoopBound<RedisChannelHandler>) {
        self.channel = channel
        self.handler = handler
    }

    /// Whether the socket is open as far as this side knows.
    var isActive: Bool { channel.isActive }

    /// Writes one call by itself and waits for its end.
    func perform(_ content: Call.Content, timeout: Duration) async -> Call.Outcome {
        await Call(content, timeout: timeout).outcome { call in
            channel.eventLoop.execute { handler.value.write([call]) }
        }
    }

    /// Closes the socket; what is unanswered fails with `reason`.
    func close(_ reason: String) {
        channel.eventLoop.execute { handler.value.close(reason) }
    }

    /// Returns once the socket is closed, by whomever.
    func closed() async {
        await withCheckedContinuation { continuation in
            channel.closeFuture.whenComplete { _ in continuation.resume() }
        }
    }
}

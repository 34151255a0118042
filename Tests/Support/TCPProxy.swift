import NIOCore
import NIOPosix
import Synchronization

/// A line between a client and a server on loopback that a test can cut or let go dead.
public final class TCPProxy: Sendable {
    /// What becomes of bytes.
    private enum Line {
        case open
        /// Bytes vanish and nobody is told: a router that has lost its memory, a cable pulled out.
        case silent
    }

    private struct State {
        var line = Line.open
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    /// Port on 127.0.0.1 that leads to the server.
    public let port: Int
    private let listener: any Channel
    private let state: Shared

    fileprivate final class Shared: Sendable {
        private let state = Mutex(State())

        var isSilent: Bool { state.withLock { $0.line == .silent } }
        func set(silent: Bool) { state.withLock { $0.line = silent ? .silent : .open } }
        func add(_ channel: any Channel) { state.withLock { $0.connections[ObjectIdentifier(channel)] = channel } }
        func remove(_ channel: any Channel) { state.withLock { $0.connections[ObjectIdentifier(channel)] = nil } }
        var all: [any Channel] { state.withLock { Array($0.connections.values) } }
    }

    private init(listener: any Channel, port: Int, state: Shared) {
        self.listener = listener
        self.port = port
        self.state = state
    }

    /// Runs `body` with a proxy in front of `target` on 127.0.0.1.
    public static func with<Value>(to target: Int, _ body: (TCPProxy) async throws -> Value) async throws -> Value {
        let state = Shared()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FrontHandler(target: target, state: state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let proxy = TCPProxy(listener: listener, port: listener.localAddress?.port ?? 0, state: state)
        do {
            let value = try await body(proxy)
            await proxy.close()
            return value
        } catch {
            await proxy.close()
            throw error
        }
    }

    /// Closes every connection; new ones are let through.
    public func cut() {
        for channel in state.all { channel.close(promise: nil) }
    }

    /// Lets every connection go dead without a word, those that are open and those that come.
    public func silence() { state.set(silent: true) }

    /// New connections are let through again; those that went dead stay so.
    public func heal() { state.set(silent: false) }

    private func close() async {
        try? await listener.close()
        cut()
    }

    /// The client's side: opens the server's side and passes bytes on.
    private final class FrontHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let target: Int
        private let state: Shared
        private var back: (any Channel)?
        private var isDead = false

        init(target: Int, state: Shared) {
            self.target = target
            self.state = state
        }

        func channelActive(context: ChannelHandlerContext) {
            state.add(context.channel)
            let front = NIOLoopBound(context, eventLoop: context.eventLoop)
            let state = state
            let channel = context.channel
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { back in
                    back.eventLoop.makeCompletedFuture {
                        try back.pipeline.syncOperations.addHandler(BackHandler(front: channel, state: state))
                    }
                }
                .connect(host: "127.0.0.1", port: target)
                .assumeIsolated()
                .whenComplete { result in
                    switch result {
                    case .success(let back):
                        self.back = back
                        _ = channel.setOption(.autoRead, value: true)
                    case .failure: front.value.close(promise: nil)
                    }
                }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            isDead = isDead || state.isSilent
            if !isDead { back?.writeAndFlush(unwrapInboundIn(data), promise: nil) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.remove(context.channel)
            back?.close(promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// The server's side.
    private final class BackHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let front: any Channel
        private let state: Shared
        private var isDead = false

        init(front: any Channel, state: Shared) {
            self.front = front
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            isDead = isDead || state.isSilent
            if !isDead { front.writeAndFlush(unwrapInboundIn(data), promise: nil) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            // A dead line does not tell of the other end's goodbye either.
            if !isDead, !state.isSilent { front.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

import NIOCore
import NIOPosix
import Primitives
import Synchronization

/// A line between a client and a server on loopback that a test can cut, slow down, lead elsewhere or let go dead.
package final class TCPProxy: Sendable {
    /// What becomes of bytes.
    private enum Line {
        case open
        /// Bytes vanish and nobody is told: a router that has lost its memory, a cable pulled out.
        case silent
    }

    private struct State {
        var line = Line.open
        var delay = TimeAmount.zero
        var target: Int
        var connections: [ObjectIdentifier: any Channel] = [:]
        /// How many connections there have been, and how many of the first ones are dead.
        var accepted = 0
        var deadOnes = 0
    }

    /// Port on 127.0.0.1 that leads to the server.
    package let port: Int
    private let listener: any Channel
    private let state: Shared

    fileprivate final class Shared: Sendable {
        private let state: Mutex<State>

        init(target: Int) { state = Mutex(State(target: target)) }

        var delay: TimeAmount { state.withLock { $0.delay } }
        var target: Int { state.withLock { $0.target } }
        func set(delay: TimeAmount) { state.withLock { $0.delay = delay } }
        func set(target: Int) { state.withLock { $0.target = target } }
        var accepted: Int { state.withLock { $0.accepted } }
        func isSilent(_ number: Int) -> Bool { state.withLock { $0.line == .silent || number < $0.deadOnes } }
        func kill(first count: Int) { state.withLock { $0.deadOnes = count } }
        func set(silent: Bool) { state.withLock { $0.line = silent ? .silent : .open } }
        /// Returns the number of the connection, from 0 on.
        func add(_ channel: any Channel) -> Int {
            state.withLock {
                $0.connections[ObjectIdentifier(channel)] = channel
                $0.accepted += 1
                return $0.accepted - 1
            }
        }
        func remove(_ channel: any Channel) { state.withLock { $0.connections[ObjectIdentifier(channel)] = nil } }
        var all: [any Channel] { state.withLock { Array($0.connections.values) } }
    }

    private init(listener: any Channel, port: Int, state: Shared) {
        self.listener = listener
        self.port = port
        self.state = state
    }

    /// Runs `body` with a proxy in front of `target` on 127.0.0.1.
    package static func with<Value>(to target: Int, _ body: (TCPProxy) async throws -> Value) async throws -> Value {
        let state = Shared(target: target)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FrontHandler(state: state))
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
    package func cut() {
        for channel in state.all { channel.close(promise: nil) }
    }

    /// Lets every connection go dead without a word, those that are open and those that come.
    package func silence() { state.set(silent: true) }

    /// How many connections there have been.
    package var accepted: Int { state.accepted }

    /// Lets only the first connections go dead without a word.
    package func silence(first count: Int) { state.kill(first: count) }

    /// New connections are let through again; those that went dead stay so.
    package func heal() { state.set(silent: false) }

    /// Holds back all bytes for so long, each way, in their order.
    package func delay(by time: Duration) {
        state.set(
            delay: .nanoseconds(time.nanoseconds)
        )
    }

    /// New connections lead to another port; open ones stay.
    package func lead(to target: Int) { state.set(target: target) }

    private func close() async {
        try? await listener.close()
        cut()
    }

    /// Passes bytes on to the other side, late where the line is slow, and never out of order. Both sides of a line are
    /// on one event loop.
    private final class Passage {
        private var held = 0
        private var lastDue = NIODeadline.uptimeNanoseconds(0)

        func pass(_ bytes: ByteBuffer, to other: any Channel, after delay: TimeAmount) {
            guard held > 0 || delay > .zero else {
                other.writeAndFlush(bytes, promise: nil)
                return
            }
            held += 1
            lastDue = max(.now() + delay, lastDue + .nanoseconds(1))
            other.eventLoop.assumeIsolated().scheduleTask(deadline: lastDue) {
                self.held -= 1
                other.writeAndFlush(bytes, promise: nil)
            }
        }
    }

    /// The client's side: opens the server's side and passes bytes on.
    private final class FrontHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let state: Shared
        private var back: (any Channel)?
        private var number = 0
        private var isDead = false
        private let passage = Passage()

        init(state: Shared) { self.state = state }

        func channelActive(context: ChannelHandlerContext) {
            number = state.add(context.channel)
            let number = number
            let front = NIOLoopBound(context, eventLoop: context.eventLoop)
            let state = state
            let channel = context.channel
            ClientBootstrap(group: context.eventLoop)
                .channelInitializer { back in
                    back.eventLoop.makeCompletedFuture {
                        try back.pipeline.syncOperations.addHandler(BackHandler(front: channel, state: state, number))
                    }
                }
                .connect(host: "127.0.0.1", port: state.target)
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
            isDead = isDead || state.isSilent(number)
            guard !isDead, let back else { return }
            passage.pass(unwrapInboundIn(data), to: back, after: state.delay)
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
        private let number: Int
        private var isDead = false
        private let passage = Passage()

        init(front: any Channel, state: Shared, _ number: Int) {
            self.front = front
            self.state = state
            self.number = number
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            isDead = isDead || state.isSilent(number)
            if !isDead { passage.pass(unwrapInboundIn(data), to: front, after: state.delay) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            // A dead line does not tell of the other end's goodbye either.
            if !isDead, !state.isSilent(number) { front.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A socket before a Docker Engine that answers some calls itself: an Engine that fails at one thing and not at others.
package final class EngineProxy: Sendable {
    /// Calls that are answered with an error instead of being passed on.
    package struct Refusal: Sendable {
        /// HTTP status of the answers.
        package var status: Int
        /// How many calls are answered so.
        package var times: Int
        /// Which calls, by method and path (without query).
        package var matches: @Sendable (_ method: String, _ path: String) -> Bool

        package init(
            status: Int,
            times: Int = .max,
            matches: @escaping @Sendable (_ method: String, _ path: String) -> Bool
        ) {
            self.status = status
            self.times = times
            self.matches = matches
        }
    }

    /// As `DOCKER_HOST` takes it.
    package let host: String
    private let listener: any Channel
    fileprivate let state: State

    fileprivate final class State: Sendable {
        let target: String
        let refusal = Mutex<Refusal?>(nil)
        let refused = Mutex(0)
        /// The methods and paths of all calls so far.
        let calls = Mutex<Set<String>>([])
        let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

        init(target: String) { self.target = target }

        /// The status with which the call is to be answered here; nil: it is passed on.
        func status(_ head: HTTPRequestHead) -> Int? {
            let path = String(head.uri.prefix { $0 != "?" })
            _ = calls.withLock { $0.insert("\(head.method.rawValue) \(path)") }
            let status: Int? = refusal.withLock { refusal in
                guard let found = refusal, found.times > 0, found.matches(head.method.rawValue, path) else {
                    return nil
                }
                refusal?.times -= 1
                return found.status
            }
            if status != nil { refused.withLock { $0 += 1 } }
            return status
        }
    }

    /// The methods and paths of all calls so far, such as `GET /_ping`.
    package var calls: Set<String> { state.calls.withLock { $0 } }

    private init(path: String, listener: any Channel, state: State) {
        host = "unix://" + path
        self.listener = listener
        self.state = state
    }

    /// Runs `body` with a proxy before the Engine at `target` (`unix://PATH`).
    package static func with<Value>(
        to target: String,
        _ body: (EngineProxy) async throws -> Value
    ) async throws -> Value {
        let path = "/tmp/rtme-\(UUID().uuidString.prefix(8).lowercased()).sock"
        let state = State(target: String(target.dropFirst("unix://".count)))
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                state.channels.withLock { $0[ObjectIdentifier(channel)] = channel }
                channel.closeFuture.whenComplete { _ in
                    state.channels.withLock { $0[ObjectIdentifier(channel)] = nil }
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try channel.pipeline.syncOperations.addHandler(FrontHandler(state: state))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        let proxy = EngineProxy(path: path, listener: listener, state: state)
        do {
            let value = try await body(proxy)
            await proxy.close()
            return value
        } catch {
            await proxy.close()
            throw error
        }
    }

    /// Answers such calls itself from now on, in place of those that were named before; nil: none.
    package func refuse(_ refusal: Refusal?) { state.refusal.withLock { $0 = refusal } }

    /// How many calls were answered here.
    package var refused: Int { state.refused.withLock { $0 } }

    /// Closes every connection; new ones are let through.
    package func cut() {
        for channel in state.channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }

    private func close() async {
        try? await listener.close()
        cut()
        try? FileManager.default.removeItem(atPath: String(host.dropFirst("unix://".count)))
    }
}

/// One connection of a client: its requests go to a connection of their own, one after the other.
private final class FrontHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let state: EngineProxy.State
    /// The connection to the Engine; nil until the first request that is passed on.
    private var back: EventLoopFuture<any Channel>?
    /// Whether the request under way is answered here.
    private var status: Int?

    init(state: EngineProxy.State) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .head(let head) = part { status = state.status(head) }
        guard let status else { return pass(part, context) }
        guard case .end = part else { return }
        let body = ByteBuffer(string: #"{"message":"refused by the test"}"#)
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
        head.headers.add(name: "Content-Type", value: "application/json")
        head.headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        self.status = nil
    }

    private func pass(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        let front = context.channel
        let back =
            back
            ?? ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(BackHandler(front: front))
                }
            }
            .connect(unixDomainSocketPath: state.target)
        self.back = back
        let request: HTTPClientRequestPart =
            switch part {
            case .head(let head): .head(head)
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers)
            }
        back.whenSuccess { $0.writeAndFlush(request, promise: nil) }
        back.whenFailure { _ in front.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        back?.whenSuccess { $0.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Passes the Engine's answers on, part by part.
private final class BackHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let front: any Channel

    init(front: any Channel) { self.front = front }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part: HTTPServerResponsePart =
            switch unwrapInboundIn(data) {
            case .head(let head): .head(head)
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers)
            }
        front.writeAndFlush(part, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { front.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

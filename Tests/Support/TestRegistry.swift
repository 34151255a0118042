import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A registry of a test's own on loopback, over plain HTTP, which Engines allow there. It has one small image under
/// any tag of the repositories `good`, and each other repository misbehaves in one way.
package final class TestRegistry: Sendable {
    /// What a repository does; its name is that of the case.
    package enum Fault: String, Sendable, CaseIterable {
        /// Nothing wrong.
        case good
        /// The manifest is not there; the error has a `detail`, has none, or is a page.
        case unknownWithDetail = "unknown-with-detail"
        case unknown
        case page
        /// The registry refuses: with and without a `detail`.
        case deniedWithDetail = "denied-with-detail"
        case denied
        /// It wants fewer pulls.
        case busy
        case broken
        /// The layer is another one than the manifest says, or ends too early.
        case corrupt
        case truncated
        /// Nothing comes, from the first byte on or in the middle of the layer.
        case silent
        case stalled
        /// The image is made for a machine of another kind.
        case foreign
    }

    /// `127.0.0.1:PORT`, the begin of references.
    package let address: String
    private let channel: any Channel
    private let log = RequestLog()

    /// Requests that came, as `GET /v2/good/manifests/1`.
    package var requests: [String] { log.lines }

    private init(_ image: TestRegistryImage) async throws {
        let log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(RegistryHandler(image: image, log: log))
                }
            }
            .bind(host: "127.0.0.1", port: try FreePort.find())
            .get()
        address = "127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    /// Runs `body` beside a registry.
    ///
    /// - Parameter isLocked: whether it wants a password of everyone: user `ann`, password `secret`.
    package static func with<Value>(
        isLocked: Bool = false,
        _ body: (TestRegistry) async throws -> Value
    ) async throws -> Value {
        let registry = try await TestRegistry(try await TestRegistryImage.make(isLocked: isLocked))
        do {
            let value = try await body(registry)
            try await registry.channel.close()
            return value
        } catch {
            try? await registry.channel.close()
            throw error
        }
    }

    /// A reference to the image of a repository; `tag` keeps tests apart that share an Engine.
    package func reference(_ fault: Fault, tag: String = "1") -> String { "\(address)/\(fault.rawValue):\(tag)" }
}

private final class RequestLog: Sendable {
    private let entries = Mutex<[String]>([])

    var lines: [String] { entries.withLock { $0 } }

    func add(_ line: String) { entries.withLock { $0.append(line) } }
}

private final class RegistryHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let image: TestRegistryImage
    private let log: RequestLog
    private var head: HTTPRequestHead?

    init(image: TestRegistryImage, log: RequestLog) {
        self.image = image
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            log.add("\(head.method.rawValue) \(head.uri)")
            write(image.reply(to: head), isHead: head.method == .HEAD, context)
        }
    }

    private func write(_ reply: TestRegistryImage.Reply, isHead: Bool, _ context: ChannelHandlerContext) {
        guard case .answer(let status, let headers, let body, let sent) = reply else { return }
        var all = HTTPHeaders(headers)
        all.replaceOrAdd(name: "Content-Length", value: "\(body.count)")
        all.replaceOrAdd(name: "Docker-Distribution-Api-Version", value: "registry/2.0")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: all)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let part = isHead ? [] : body.prefix(sent ?? body.count)
        if !part.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: part)))), promise: nil) }
        guard !isHead, let sent, sent < body.count else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            return
        }
        context.flush()
        // The rest never comes; where the layer is only truncated the connection ends.
        if self.head?.uri.contains("/truncated/") == true { context.close(promise: nil) }
    }
}

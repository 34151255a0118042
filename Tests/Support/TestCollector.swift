import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A collector that keeps whatever is posted to it, and answers with one status.
package final class TestCollector: Sendable {
    /// One request.
    package struct Post: Sendable {
        package var path: String
        package var contentType: String
        package var body: String
    }

    private let channel: any Channel
    private let kept: Posts

    package var port: Int { channel.localAddress?.port ?? 0 }
    package var posts: [Post] { kept.all }

    private init(_ channel: any Channel, _ kept: Posts) {
        self.channel = channel
        self.kept = kept
    }

    /// Runs `body` with a collector on a free loopback port.
    ///
    /// - Parameter status: The status of each answer.
    package static func with<R>(
        status: HTTPResponseStatus = .ok,
        _ body: (TestCollector) async throws -> R
    ) async throws -> R {
        let kept = Posts()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(CollectorHandler(kept, status))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let collector = TestCollector(channel, kept)
        do {
            let result = try await body(collector)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

/// What was posted.
private final class Posts: Sendable {
    private let posts = Mutex<[TestCollector.Post]>([])

    var all: [TestCollector.Post] { posts.withLock { $0 } }

    func add(_ post: TestCollector.Post) { posts.withLock { $0.append(post) } }
}

private final class CollectorHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let kept: Posts
    private let status: HTTPResponseStatus
    private var post = TestCollector.Post(path: "", contentType: "", body: "")

    init(_ kept: Posts, _ status: HTTPResponseStatus) {
        self.kept = kept
        self.status = status
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let type = head.headers["content-type"].first ?? ""
            post = TestCollector.Post(path: head.uri, contentType: type, body: "")
        case .body(let buffer): post.body += String(buffer: buffer)
        case .end:
            kept.add(post)
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: ["Content-Length": "2"])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "{}")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

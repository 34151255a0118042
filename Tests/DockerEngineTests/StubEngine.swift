import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

@testable import DockerEngine

/// An Engine that answers what a test says, on a socket of its own.
final class StubEngine: Sendable {
    /// What came in.
    struct Request: Sendable {
        var method: String
        /// Path and query as they came.
        var target: String
        var headers: [String: String]
        var body: String

        /// `GET /containers/x/json`, decoded, without version and query.
        var line: String {
            var path = target.prefix { $0 != "?" }
            if path.hasPrefix("/v1.") { path = path.dropFirst().drop { $0 != "/" } }
            return "\(method) \(path.removingPercentEncoding ?? String(path))"
        }
    }

    /// What goes out.
    indirect enum Reply: Sendable {
        case answer(Int, String = "", headers: [String: String] = [:])
        /// A 200 whose body comes in pieces, and what follows them.
        case stream([String], then: Ending)
        /// Nothing, ever.
        case silence
        /// The connection is closed.
        case close
        /// The same, later.
        case later(Duration, Reply)
    }

    enum Ending: Sendable {
        case end, silence, close
    }

    let configuration: DockerEngine.Configuration
    private let recorded: Recorder
    private let directory: URL
    private let channel: any Channel

    /// Requests without those for the version.
    var requests: [Request] { recorded.all.filter { $0.line != "GET /_ping" } }
    /// Every request.
    var allRequests: [Request] { recorded.all }
    /// The lines of ``requests``.
    var lines: [String] { requests.map(\.line) }

    private init(
        settings: DockerEngine.Configuration,
        tls: (server: TLSConfiguration, client: DockerEngine.TLSFiles)?,
        _ reply: @escaping @Sendable (Request) -> Reply
    ) async throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("stub-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.appendingPathComponent("docker.sock").path
        var configuration = settings
        configuration.endpoint = .unix(path: path)
        let recorder = Recorder()
        recorded = recorder
        let context = try (tls?.server).map { try NIOSSLContext(configuration: $0) }
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(StubHandler(recorder: recorder, reply: reply))
                }
            }
        if let tls {
            channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
            configuration.endpoint = .tcp(host: "localhost", port: channel.localAddress?.port ?? 0, tls: tls.client)
        } else {
            channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
        }
        self.configuration = configuration
    }

    /// Runs `body` with an adapter whose Engine answers what `reply` says, and to every `/_ping` `ping`,
    /// where that is not nil.
    static func with(
        settings: DockerEngine.Configuration = .init(),
        tls: (server: TLSConfiguration, client: DockerEngine.TLSFiles)? = nil,
        ping: Reply? = .answer(200, "OK", headers: ["Api-Version": "1.41"]),
        _ reply: @escaping @Sendable (Request) -> Reply?,
        _ body: (DockerEngine, StubEngine) async throws -> Void
    ) async throws {
        let stub = try await StubEngine(settings: settings, tls: tls) { request in
            if request.line == "GET /_ping", let ping { return ping }
            if let answer = reply(request) { return answer }
            return .answer(599, #"{"message":"the stub was not told about \#(request.line)"}"#)
        }
        let result: Result<Void, any Error>
        do {
            try await DockerEngine.withEngine(configuration: stub.configuration) { try await body($0, stub) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await stub.channel.close()
        try FileManager.default.removeItem(at: stub.directory)
        try result.get()
    }
}

/// The requests in the order in which they came.
private final class Recorder: Sendable {
    private let requests = Mutex<[StubEngine.Request]>([])

    var all: [StubEngine.Request] { requests.withLock { $0 } }

    func add(_ request: StubEngine.Request) { requests.withLock { $0.append(request) } }
}

private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let recorder: Recorder
    private let reply: @Sendable (StubEngine.Request) -> StubEngine.Reply
    private var current: StubEngine.Request?

    init(recorder: Recorder, reply: @escaping @Sendable (StubEngine.Request) -> StubEngine.Reply) {
        self.recorder = recorder
        self.reply = reply
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            let headers = head.headers.map { ($0.name.lowercased(), $0.value) }
            current = .init(
                method: head.method.rawValue,
                target: head.uri,
                headers: Dictionary(headers) { first, _ in first },
                body: ""
            )
        case .body(let part):
            current?.body += String(buffer: part)
        case .end:
            guard let request = current else { return }
            recorder.add(request)
            send(reply(request), context)
        }
    }

    private func send(_ reply: StubEngine.Reply, _ context: ChannelHandlerContext) {
        switch reply {
        case .answer(let status, let body, let headers):
            var all = HTTPHeaders(headers.map { ($0.key, $0.value) })
            if status != 204, status != 304 { all.replaceOrAdd(name: "Content-Length", value: "\(body.utf8.count)") }
            write(head(status, all), context)
            if !body.isEmpty { write(.body(.byteBuffer(ByteBuffer(string: body))), context) }
            write(.end(nil), context)
            context.flush()
        case .stream(let chunks, let ending):
            write(head(200, ["Transfer-Encoding": "chunked"]), context)
            for chunk in chunks { write(.body(.byteBuffer(ByteBuffer(string: chunk))), context) }
            if ending == .end { write(.end(nil), context) }
            context.flush()
            if ending == .close { context.close(promise: nil) }
        case .silence:
            break
        case .close:
            context.close(promise: nil)
        case .later(let pause, let reply):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: TimeAmount(pause)) {
                let (handler, context) = bound.value
                if context.channel.isActive { handler.send(reply, context) }
            }
        }
    }

    private func head(_ status: Int, _ headers: HTTPHeaders) -> HTTPServerResponsePart {
        .head(HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers))
    }

    private func write(_ part: HTTPServerResponsePart, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(part), promise: nil)
    }
}

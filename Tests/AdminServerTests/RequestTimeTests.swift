import Hummingbird
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import AdminServer
@testable import Observability

/// The time of a request, on a clock that the test moves.
@Suite("The longest time of a request")
struct RequestTimeTests {
    private static let head = HTTPRequestPart.head(
        HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/")
    )
    private static let piece = HTTPRequestPart.body(ByteBuffer(string: "x"))
    private static let timeout = ConnectionGate.requestTimeout
    private static let moment = TimeAmount.milliseconds(1)

    private func channel() throws -> EmbeddedChannel {
        let gate = ConnectionGate(metrics: PrometheusRegistry())
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers(gate.configuration.additionalChannelHandlers())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test("ends a request whose body drips")
    func dripping() throws {
        let channel = try channel()
        try channel.writeInbound(Self.head)
        channel.embeddedEventLoop.advanceTime(by: Self.timeout - Self.moment)
        try channel.writeInbound(Self.piece)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: Self.moment)
        #expect(!channel.isActive)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test("begins anew with each request, and ends with the response")
    func answered() throws {
        let channel = try channel()
        for _ in 0..<3 {
            try channel.writeInbound(Self.head)
            channel.embeddedEventLoop.advanceTime(by: Self.timeout - Self.moment)
            try channel.writeOutbound(HTTPResponsePart.end(nil))
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
        _ = try channel.finish(acceptAlreadyClosed: true)
    }
}

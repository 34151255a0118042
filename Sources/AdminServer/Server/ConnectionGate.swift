import HTTPTypes
import HummingbirdCore
import Metrics
import NIOCore
import NIOHTTPTypes
import Observability
import Synchronization

/// Bounds the connections of the server by applying ``ConnectionTable`` to channels.
final class ConnectionGate: Sendable {
    private struct State {
        var table: ConnectionTable
        var channels: [Int: any Channel] = [:]
        var lastID = 0
    }

    /// The largest number of simultaneous connections.
    static let limit = 64
    /// The longest silence before the first request and between requests. A page without scripts loads itself again
    /// within this time.
    static let idleTimeout = TimeAmount.seconds(7)
    /// The longest time from a request's head to the end of the response, but for streams.
    static let requestTimeout = TimeAmount.seconds(10)
    /// The largest size of a request's head, in bytes.
    static let headBytes = 16_384

    private let state = Mutex(State(table: ConnectionTable(limit: limit, patience: .seconds(1))))
    private let refused: Counter

    /// Creates a gate.
    ///
    /// - Parameter metrics: Counts closed connections. The reasons are too many connections, or too many or too large
    ///   requests on a connection.
    init(metrics: PrometheusRegistry) {
        refused = Counter(label: "rtm_http_connections_refused_total", factory: metrics)
        refused.increment(by: 0)
    }

    /// The server's configuration, with a timeout for silent connections and a handler for this gate.
    var configuration: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionHandler(self)],
            idleTimeout: Self.idleTimeout,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Self.headBytes,
                maxHeaderListSize: Self.headBytes,
                maxHeaderFieldCount: 100
            )
        )
    }

    fileprivate func opened(_ channel: any Channel) -> Int {
        let (id, victim) = state.withLock { state in
            state.lastID += 1
            let id = state.lastID
            state.channels[id] = channel
            let victim = state.table.opened(id, now: .now)
            let channel = victim.flatMap { state.channels.removeValue(forKey: $0) }
            // A channel that is only in one of the two would never be released.
            assert(state.channels.count == state.table.count)
            return (id, channel)
        }
        if let victim {
            refused.increment()
            victim.close(promise: nil)
        }
        return id
    }

    fileprivate func refuse() { refused.increment() }

    fileprivate func began(_ id: Int, isStream: Bool) {
        state.withLock { $0.table.began(id, isStream: isStream, now: .now) }
    }

    fileprivate func answered(_ id: Int) { state.withLock { $0.table.answered(id, now: .now) } }

    fileprivate func closed(_ id: Int) {
        state.withLock { state in
            state.channels[id] = nil
            state.table.closed(id)
            assert(state.channels.count == state.table.count)
        }
    }
}

/// Reports the state of a connection to the gate. Closes the connection if a request is too slow or over budget.
private final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let gate: ConnectionGate
    private var id: Int?
    private var timeout: Scheduled<Void>?
    private var budget = RequestBudget(now: .now)

    init(_ gate: ConnectionGate) { self.gate = gate }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { open(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        open(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { close() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isWithinBudget =
            switch unwrapInboundIn(data) {
            case .head: budget.take(now: .now)
            case .body(let bytes): budget.takeBody(bytes: bytes.readableBytes)
            case .end: true
            }
        guard isWithinBudget else {
            gate.refuse()
            return context.close(promise: nil)
        }
        if case .head(let head) = unwrapInboundIn(data), let id {
            began(id, isStream: head.path?.hasPrefix(LiveStreams.address) == true, context)
        }
        context.fireChannelRead(data)
    }

    private func began(_ id: Int, isStream: Bool, _ context: ChannelHandlerContext) {
        gate.began(id, isStream: isStream)
        timeout?.cancel()
        timeout = nil
        guard !isStream else { return }
        let channel = context.channel
        timeout = context.eventLoop.scheduleTask(in: ConnectionGate.requestTimeout) { channel.close(promise: nil) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data), let id else { return context.write(data, promise: promise) }
        // A request is answered once the peer has received the response; a response still waiting here does not count.
        let written = promise ?? context.eventLoop.makePromise()
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in handler.value.answered(id) }
        context.write(data, promise: written)
    }

    private func answered(_ id: Int) {
        timeout?.cancel()
        timeout = nil
        gate.answered(id)
    }

    private func open(_ context: ChannelHandlerContext) {
        if id == nil { id = gate.opened(context.channel) }
    }

    private func close() {
        timeout?.cancel()
        timeout = nil
        if let id { gate.closed(id) }
        id = nil
    }
}

import NIOCore
import NIOSSL

/// The protocol on one connection: writes calls, gives replies to the oldest call, and checks deadlines.
///
/// Use the handler only on its event loop. The handler ends once, with a reason, and then closes the channel. Every
/// failure closes the channel, because a later reply must never go to the wrong command.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The callbacks for the connection's owner, called on the event loop.
    struct Listener: Sendable {
        /// `commands` commands were answered or given up.
        var released: @Sendable (_ commands: Int) -> Void
        /// The socket accepts writes again.
        var writable: @Sendable () -> Void
        /// The connection accepts no more calls.
        var ended: @Sendable (_ reason: String) -> Void
    }

    private let reader: ReplyReader
    private var formatter = CommandFormatter()
    private var queue = ReplyQueue<Call>()
    private let timer: DeadlineTimer
    private var outcomes: [(Call, Call.Outcome)] = []
    private var context: ChannelHandlerContext?
    private var listener: Listener?
    /// The receiver of published messages; nil: the connection subscribes to no channel.
    private var hears: (@Sendable (String) -> Void)?
    /// The error reply of a server that cannot serve writes, or serves none any more. The address may lead to another
    /// server by now.
    private var wrongServer: String?
    /// Whether a server that takes no writes is right: the caller only reads.
    private let acceptsReplica: Bool
    /// The reason for the end. After the end the connection accepts no calls.
    private(set) var endReason: String?

    /// - Parameter largestString: see ``ReplyReader``.
    init(
        eventLoop: any EventLoop,
        maximumReplyBytes: Int,
        largestString: Int?,
        acceptsReplica: Bool = false
    ) throws(RedisError) {
        self.acceptsReplica = acceptsReplica
        reader = try ReplyReader(maximumReplyBytes: maximumReplyBytes, largestString: largestString)
        timer = DeadlineTimer(eventLoop: eventLoop)
    }

    /// Whether a call can be written now. `false` while the server reads slower than the client writes.
    var isWritable: Bool { endReason == nil && context?.channel.isWritable == true }

    /// Registers the owner's callbacks. Calls `ended` at once if the connection has ended.
    func listen(_ listener: Listener) {
        if let endReason {
            listener.ended(endReason)
        } else {
            self.listener = listener
        }
    }

    /// Registers a receiver of messages of subscribed channels.
    func hear(_ message: @escaping @Sendable (String) -> Void) {
        hears = message
    }

    /// Writes all calls in one go. Skips calls without a waiting caller.
    func write(_ calls: [Call]) {
        guard let context, endReason == nil else {
            let error = RedisError.connection(reason: endReason ?? "not open", mayHaveHappened: false)
            return settle(released: calls.reduce(0) { $0 + $1.commands }, calls.map { ($0, .failure(error)) })
        }
        var buffer = context.channel.allocator.buffer(capacity: 128 * calls.count)
        var abandoned = 0
        var failed: [(Call, Call.Outcome)] = []
        for call in calls {
            guard call.beginWriting() else {
                abandoned += call.commands
                continue
            }
            let start = buffer.writerIndex
            do throws(RedisError) {
                try format(call, into: &buffer)
                queue.append(call, replies: call.commands, isPipeline: call.isPipeline, deadline: call.deadline)
            } catch {
                buffer.moveWriterIndex(to: start)
                abandoned += call.commands
                failed.append((call, .failure(error)))
            }
        }
        if buffer.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(buffer), promise: nil) }
        if abandoned > 0 { settle(released: abandoned, failed) }
        watchDeadlines()
    }

    /// Ends the connection for a reason on the client's side.
    func close(_ reason: String) {
        end(reason)
    }

    private func format(_ call: Call, into buffer: inout ByteBuffer) throws(RedisError) {
        switch call.content {
        case .single(let command):
            try formatter.append(command, to: &buffer)
        case .pipeline(let commands):
            for command in commands { try formatter.append(command, to: &buffer) }
        }
    }

    /// Releases the commands first, so that a resumed caller finds capacity for the next command.
    private func settle(released: Int, _ outcomes: [(Call, Call.Outcome)]) {
        if released > 0 { listener?.released(released) }
        for (call, outcome) in outcomes { call.end(outcome) }
    }

    private func watchDeadlines() {
        timer.arm(for: queue.nextDeadline) { [weak self] in self?.checkDeadlines() }
    }

    private func checkDeadlines() {
        let expiry = queue.expire(now: .now())
        let outcomes = expiry.timedOut.map { call in
            (call, Call.Outcome.failure(.timeout(command: call.name, mayHaveHappened: true)))
        }
        settle(released: 0, outcomes)
        if expiry.isStalled {
            end("closed because the server did not answer in time")
        } else {
            watchDeadlines()
        }
    }
}

extension RedisChannelHandler {
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end("closed")
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard endReason == nil else { return }
        let before = queue.missing
        do throws(RedisError) {
            try read(unwrapInboundIn(data))
            deliver(released: before - queue.missing)
            if let wrongServer { end(wrongServer) }
        } catch {
            deliver(released: before - queue.missing)
            if case .connection(let reason, _) = error { end(reason) } else { end("\(error)", oldest: error) }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isWritable { listener?.writable() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("the server closed the connection")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(ConnectionFailure.describe(error))
    }

    private func read(_ buffer: ByteBuffer) throws(RedisError) {
        let result: Result<Void, RedisError> = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(RedisError) in try reader.feed(bytes) }
        }
        try result.get()
        while let value = try reader.next() {
            if hears(value) { continue }
            switch queue.accept(value) {
            case .partial: break
            case .single(let call, let value):
                if case .error(let error) = value {
                    outcomes.append((call, .failure(.server(error))))
                    note(error)
                } else {
                    outcomes.append((call, .success(.single(value))))
                }
            case .pipeline(let call, let values):
                for case .error(let error) in values { note(error) }
                outcomes.append((call, .success(.pipeline(values))))
            case .unsolicited:
                // Some servers send an error before any command, and refuse the connection: too many clients, or
                // protected mode.
                if case .error(let error) = value { throw .connection(reason: "\(error)", mayHaveHappened: true) }
                throw .protocolViolation("a reply that no command asked for")
            }
        }
    }

    private func note(_ error: RedisServerError) {
        guard error.saysWrongServer, !(acceptsReplica && error.code == "READONLY") else { return }
        wrongServer = "\(error)"
    }

    /// Returns whether the value is a message of a channel, and hands the message over: `message CHANNEL TEXT`.
    private func hears(_ value: RedisValue) -> Bool {
        guard let hears, let parts = value.array, parts.count == 3, parts[0].string == "message" else { return false }
        if let text = parts[2].string { hears(text) }
        return true
    }

    private func deliver(released: Int) {
        settle(released: released, outcomes)
        outcomes.removeAll(keepingCapacity: outcomes.count <= 1_024)
    }

    /// Ends the connection and fails all unanswered calls.
    ///
    /// - Parameter oldest: the error for the oldest call, if the reply to this call could not be read.
    private func end(_ reason: String, oldest: RedisError? = nil) {
        guard endReason == nil else { return }
        endReason = reason
        timer.disarm()
        let released = queue.missing
        let broken = RedisError.connection(reason: reason, mayHaveHappened: true)
        let lost = queue.removeAll().enumerated().map { index, call in
            (call, Call.Outcome.failure(index == 0 ? oldest ?? broken : broken))
        }
        listener?.ended(reason)
        settle(released: released, lost)
        listener = nil
        closeChannel()
    }

    /// Closes the socket directly. Closing TLS first would wait for the server's answer, and a silent server never
    /// answers.
    private func closeChannel() {
        guard let context else { return }
        if let encryption = try? context.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self) {
            encryption.close(promise: nil)
        } else {
            context.close(promise: nil)
        }
    }
}

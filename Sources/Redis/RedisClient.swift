import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// A connection to a server that reconnects by itself. Any number of tasks can share the client.
///
/// The client writes commands in the order of the calls, and many waiting commands in one write. The client never
/// writes a command twice. If the connection breaks after the write, the command fails, and the error says that the
/// server may have executed the command. A command sent during an outage waits for the next connection until the
/// command's time-out.
///
/// Do not send commands that block (`BLPOP`, `BLMOVE`, `XREAD BLOCK`): use `RedisBlockingConnection`. Do not send
/// commands that change the connection (`SUBSCRIBE`, `MONITOR`, or `MULTI` in pieces). For a transaction, use a script,
/// or a `pipeline` with the whole transaction.
public final class RedisClient: Sendable {
    private struct State {
        var backlog: Backlog<Call>
        /// The connection for commands; nil: not connected.
        var session: Session?
        /// The reason for the missing connection.
        var lastFailure = "not connected yet"
        /// The reasons since the last connection that the log has as warnings.
        var warned: Set<String> = []
        var runs = false
    }

    /// The most calls and bytes in one write. After each write the client checks whether the socket accepts more.
    private static let batch = (calls: 256, bytes: 1 << 18)

    private static let shutdownReason = "the client was shut down"

    /// The configuration of this client.
    public let configuration: RedisConfiguration
    /// Runs tasks on the thread of this client's connection.
    package let executor: EventLoopExecutor
    private let logger: Logger
    let connector: Connector
    private let state: Mutex<State>
    private let timer: NIOLoopBoundBox<DeadlineTimer>

    /// Creates a client. `run()` opens the connection.
    ///
    /// - Parameter clientName: the client's name in the server's `CLIENT LIST`.
    public init(_ configuration: RedisConfiguration, clientName: String? = nil, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        connector = Connector(configuration, clientName: clientName)
        state = Mutex(State(backlog: Backlog(limit: configuration.maximumInFlight)))
        let eventLoop = connector.eventLoop
        executor = EventLoopExecutor(eventLoop)
        timer = .makeBoxSendingValue(DeadlineTimer(eventLoop: eventLoop), eventLoop: eventLoop)
    }

    /// Whether the client is connected and the handshake is done.
    public var isConnected: Bool { state.withLock { $0.session != nil } }

    /// The name of the connected server, without user and password. While not connected, the configured name.
    package var serverName: String {
        state.withLock { $0.session }.map { connector.name(of: $0.server) } ?? configuration.displayName
    }

    /// Adds a call to the queue. The call ends by itself, with a reply or an error.
    func submit(_ call: Call) {
        let size = call.size
        let submission = state.withLock {
            $0.backlog.submit(call, commands: call.commands, bytes: size, deadline: call.deadline)
        }
        switch submission {
        case .accepted: break
        case .acceptedWakeWriter:
            // On the connection's own thread, write at once. A scheduled write would wait behind the other tasks there.
            if connector.eventLoop.inEventLoop {
                writeWaiting()
            } else {
                connector.eventLoop.execute { self.writeWaiting() }
            }
        case .refused(let error): call.end(.failure(error))
        }
    }

    /// Writes waiting calls while the socket accepts writes. Runs on the event loop.
    private func writeWaiting() {
        let session = state.withLock { state in
            state.backlog.writerStarted()
            return state.session
        }
        if let handler = session?.handler.value {
            while handler.isWritable {
                let calls = state.withLock { $0.backlog.take(atMost: Self.batch.calls, bytes: Self.batch.bytes) }
                if calls.isEmpty { return }
                handler.write(calls)
            }
        }
        watchDeadlines()
    }

    /// Arms the timer, so that waiting calls end at their deadline. Runs on the event loop.
    private func watchDeadlines() {
        let deadline = state.withLock { $0.backlog.nextDeadline }
        timer.value.arm(for: deadline) { [weak self] in self?.expireWaiting() }
    }

    private func expireWaiting() {
        let (late, connected, reason) = state.withLock { state in
            (state.backlog.expire(now: .now()), state.session != nil, state.lastFailure)
        }
        for call in late {
            let error: RedisError =
                connected
                ? .timeout(command: call.name, mayHaveHappened: false)
                : .connection(reason: reason, mayHaveHappened: false)
            call.end(.failure(error))
        }
        watchDeadlines()
    }
}

extension RedisClient: Service {
    /// Connects, performs the handshake, and reconnects after each failure with growing delays.
    ///
    /// Runs until graceful shutdown or cancellation. Then all waiting calls fail with `RedisError.closed`. Call this
    /// function once.
    public func run() async throws {
        let isFirst = state.withLock { state in
            defer { state.runs = true }
            return !state.runs
        }
        precondition(isFirst, "a RedisClient runs once")
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await self.connector.locator.followMaster(logger: self.logger) }
                await self.stayConnected()
                group.cancelAll()
            }
        }
        let waiting = state.withLock { $0.backlog.close() }
        for call in waiting { call.end(.failure(.closed)) }
        logger.debug("Redis client is shut down")
    }

    private func stayConnected() async {
        var machine = ConnectionMachine(backoff: configuration.backoff)
        var session: Session?
        var event = ConnectionMachine.Event.started
        while true {
            if Task.isCancelled { event = .stopped }
            switch machine.handle(event, now: .now(), random: .random(in: 0..<1)) {
            case .connect:
                event = await attempt { () async throws(RedisError) in
                    session = try await self.connector.connect()
                    return .connected
                }
            case .handshake:
                guard let session else { return }
                event = await attempt { () async throws(RedisError) in
                    try await self.connector.introduce(to: session) ? .handshakeSucceeded : .redirected
                }
            case .serve:
                guard let session else { return }
                await serve(session)
                event = .failed
            case .wait(let delay):
                session = nil
                do {
                    try await Task.sleep(for: delay)
                    event = .delayElapsed
                } catch {
                    event = .stopped
                }
            case .stop, .ignore:
                session?.close(Self.shutdownReason)
                return
            }
        }
    }

    private func attempt(
        _ step: () async throws(RedisError) -> ConnectionMachine.Event
    ) async -> ConnectionMachine.Event {
        do throws(RedisError) {
            return try await step()
        } catch .cancelled {
            return .stopped
        } catch {
            let reason = if case .connection(let reason, _) = error { reason } else { "\(error)" }
            note(failure: reason)
            if configuration.failsIfRefused, error.isRefusal { failWaiting(error) }
            return .failed
        }
    }

    private func failWaiting(_ error: RedisError) {
        let waiting = state.withLock { $0.backlog.removeWaiting() }
        for call in waiting { call.end(.failure(error)) }
    }

    /// Carries commands until the connection ends.
    private func serve(_ session: Session) async {
        logger.info("Redis connection is ready", metadata: ["server": "\(connector.name(of: session.server))"])
        let listener = RedisChannelHandler.Listener(
            released: { commands in self.state.withLock { $0.backlog.release(commands: commands) } },
            writable: { self.writeWaiting() },
            ended: { reason in
                self.state.withLock { $0.session = nil }
                // A node of a cluster may say so only when the slot has moved.
                let error = RedisServerError(line: reason)
                if let node = error.redirection(from: session.server) { self.connector.locator.redirected(to: node) }
                self.note(failure: reason)
            }
        )
        connector.eventLoop.execute {
            self.state.withLock { state in
                state.session = session
                state.lastFailure = "not connected"
                state.warned = []
            }
            session.handler.value.listen(listener)
            self.writeWaiting()
        }
        await withTaskCancellationHandler {
            await session.closed()
        } onCancel: {
            session.close(Self.shutdownReason)
        }
    }

    /// The most failures that are warnings until the client has connected again.
    private static let mostWarnings = 16

    /// Logs a failure. A repeated failure is a warning only the first time, until the client has connected again. Several
    /// addresses fail in turn.
    private func note(failure reason: String) {
        let isNew = state.withLock { state in
            state.lastFailure = reason
            return state.warned.count < Self.mostWarnings && state.warned.insert(reason).inserted
        }
        logger.log(
            level: isNew && reason != Self.shutdownReason ? .warning : .debug,
            "Redis connection failed",
            metadata: ["server": "\(configuration.displayName)", "reason": "\(reason)"]
        )
    }
}

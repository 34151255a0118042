import Logging
import Synchronization

/// A separate connection for blocking commands, one command at a time.
///
/// If a command fails, the connection is closed and never used again. The server may still hold the blocked command,
/// and this command would swallow the next element of the list. The next call opens a new connection.
///
/// The server notices the end of the connection with a delay. Until then, an element pushed to the list can still go to
/// the old command. So send only commands without loss in this case: a peek (`BLMOVE q q RIGHT RIGHT t`), a move to a
/// list of the caller, or a read from a stream.
package final class RedisBlockingConnection: Sendable {
    private enum State {
        case idle(Session?)
        /// A call is running. The session is nil until the socket is open.
        case busy(Session?)
        case closed
    }

    private enum Start {
        case reuse(Session?)
        case refuse(RedisError)
    }

    private let connector: Connector
    private let logger: Logger
    private let state = Mutex(State.idle(nil))

    /// Creates a connection. The first call opens the socket.
    ///
    /// - Parameters:
    ///   - client: the client to share the thread and the way to the server with; nil: neither.
    ///   - largestString: the largest bulk string to keep, in bytes; nil: every string. A larger one is discarded while it
    ///     arrives, and the reply is ``RedisValue/omitted(bytes:)``.
    package init(
        _ configuration: RedisConfiguration,
        clientName: String? = nil,
        beside client: RedisClient? = nil,
        largestString: Int? = nil,
        logger: Logger
    ) {
        connector = Connector(
            configuration,
            clientName: clientName,
            eventLoop: client?.executor.eventLoop,
            largestString: largestString,
            locator: client?.connector.locator
        )
        self.logger = logger
    }

    deinit {
        if case .idle(let session?) = state.withLock({ $0 }) { session.close("nobody uses it any more") }
    }

    /// Sends a command that may block in the server, and waits for the reply.
    ///
    /// On any error, including a cancellation, the connection is closed before the function throws. The function does
    /// not pause after a failed attempt: the caller backs off.
    ///
    /// - Parameter serverTimeout: the blocking time in the command's arguments. The function waits `commandTimeout`
    ///   longer.
    package func send(
        _ command: RedisCommand,
        serverTimeout: Duration
    ) async throws(RedisError) -> RedisValue {
        let session = try await begin()
        let timeout = serverTimeout + connector.configuration.commandTimeout
        let outcome = await session.perform(.single(command), timeout: timeout)
        if case .success(.single(let value)) = outcome, keep(session) { return value }
        session.close("its command did not end with a reply")
        await session.closed()
        let wasClosed = finish(with: nil)
        switch outcome {
        case .success(.single(let value)): return value
        case .success(.pipeline): throw .protocolViolation("several replies to one command")
        case .failure(let error):
            if case .server(let refusal) = error, let node = refusal.redirection(from: session.server) {
                connector.locator.redirected(to: node)
            }
            logger.debug("Redis blocking connection is closed", metadata: ["reason": "\(error)"])
            if wasClosed, case .connection(_, false) = error { throw .closed }
            throw error
        }
    }

    /// Closes the connection. A running call fails. Later calls throw `RedisError.closed`.
    package func close() async {
        let session: Session? = state.withLock { state in
            defer { state = .closed }
            return switch state {
            case .idle(let session), .busy(let session): session
            case .closed: nil
            }
        }
        guard let session else { return }
        session.close("the connection was closed by its owner")
        await session.closed()
    }

    /// Returns the open connection, or opens a new connection.
    private func begin() async throws(RedisError) -> Session {
        let start: Start = state.withLock { state in
            switch state {
            case .closed: return .refuse(.closed)
            case .busy: return .refuse(.overloaded("a blocking connection carries one command at a time"))
            case .idle(let session):
                state = .busy(session)
                return .reuse(session)
            }
        }
        switch start {
        case .refuse(let error): throw error
        case .reuse(let session?) where session.isActive: return session
        case .reuse: break
        }
        do throws(RedisError) {
            return try await open()
        } catch {
            throw finish(with: nil) ? .closed : error
        }
    }

    /// Limit of redirections in a cluster.
    private static let mostRedirections = 4

    private func open() async throws(RedisError) -> Session {
        for _ in 0...Self.mostRedirections {
            let session = try await connector.connect()
            guard adopt(session) else {
                session.close("the connection was closed by its owner")
                throw .closed
            }
            if try await connector.introduce(to: session) { return session }
        }
        throw .connection(reason: "the nodes of the cluster name each other", mayHaveHappened: false)
    }

    /// Stores the new session. Returns `false` if the owner closed the connection meanwhile.
    private func adopt(_ session: Session) -> Bool {
        state.withLock { state in
            guard case .busy = state else { return false }
            state = .busy(session)
            return true
        }
    }

    /// Keeps the session for the next call. Returns `false` if the owner closed the connection meanwhile.
    private func keep(_ session: Session) -> Bool { !finish(with: session) }

    /// Ends the call. Returns `true` if the owner closed the connection meanwhile.
    private func finish(with session: Session?) -> Bool {
        state.withLock { state in
            guard case .busy = state else { return true }
            state = .idle(session)
            return false
        }
    }
}

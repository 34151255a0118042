import Logging
import Synchronization

/// A connection of its own for commands that block in the server, one at a time.
///
/// A connection whose command did not end with a reply is closed and never used again: the server may still
/// hold the waiter, which would swallow the next element. The next call connects anew.
///
/// Closing reaches the server a moment after it reaches this side: an element pushed in between can still go to
/// the dying waiter. So block with a command that loses nothing then: a peek (`BLMOVE q q RIGHT RIGHT t`), a
/// move to a list of one's own, or a stream.
package final class RedisBlockingConnection: Sendable {
    private enum State {
        case idle(Session?)
        /// A call runs; the session once there is one.
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

    /// A connection that is opened by the first call.
    ///
    /// - Parameter executor: whose thread it shares; nil: any.
    package init(
        _ configuration: RedisConfiguration,
        clientName: String? = nil,
        on executor: EventLoopExecutor? = nil,
        logger: Logger
    ) {
        connector = Connector(configuration, clientName: clientName, eventLoop: executor?.eventLoop)
        self.logger = logger
    }

    deinit {
        if case .idle(let session?) = state.withLock({ $0 }) { session.close("nobody uses it any more") }
    }

    /// Sends a command that may block in the server for `serverTimeout` (the time given in its arguments) and waits
    /// for its reply that long and `commandTimeout` more. On any error, a cancellation included, the
    /// connection is closed before this returns. It never waits between attempts: the caller backs off.
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
            logger.debug("Redis blocking connection is closed", metadata: ["reason": "\(error)"])
            if wasClosed, case .connection(_, false) = error { throw .closed }
            throw error
        }
    }

    /// Closes the connection; a call that runs fails, later ones fail with `RedisError.closed`.
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

    /// The open connection, or a new one.
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
            let session = try await connector.connect()
            guard adopt(session) else {
                session.close("the connection was closed by its owner")
                throw .closed
            }
            try await connector.introduce(to: session)
            return session
        } catch {
            throw finish(with: nil) ? .closed : error
        }
    }

    /// `false` where the owner closed in the meantime.
    private func adopt(_ session: Session) -> Bool {
        state.withLock { state in
            guard case .busy = state else { return false }
            state = .busy(session)
            return true
        }
    }

    /// Puts the connection back for the next call; `false` where the owner closed in the meantime.
    private func keep(_ session: Session) -> Bool { !finish(with: session) }

    /// The call is over. Whether the owner closed in the meantime.
    private func finish(with session: Session?) -> Bool {
        state.withLock { state in
            guard case .busy = state else { return true }
            state = .idle(session)
            return false
        }
    }
}

import NIOCore

/// The life of a client's connection: what happened, and therefore what to do next.
///
/// Pure: the time and the randomness come in with the event.
struct ConnectionMachine: Equatable, Sendable {
    /// Where the connection is. `failures` counts attempts that failed in a row.
    enum State: Equatable, Sendable {
        /// Before the start. To: connecting, closed.
        case disconnected
        /// A socket is being opened. To: handshaking, backingOff, closed.
        case connecting(failures: Int)
        /// The server is told who we are. To: ready, backingOff, closed.
        case handshaking(failures: Int)
        /// Commands flow. To: backingOff, closed.
        case ready(failures: Int, since: NIODeadline)
        /// Waiting for the next attempt. To: connecting, closed.
        case backingOff(failures: Int)
        /// The end.
        case closed
    }

    /// What happened.
    enum Event: Equatable, Sendable {
        /// The client runs.
        case started
        /// The socket is open.
        case connected
        /// The server took our credentials and our database.
        case handshakeSucceeded
        /// Connecting or the handshake failed, or the connection broke.
        case failed
        /// The delay before the next attempt is over.
        case delayElapsed
        /// The client is shut down.
        case stopped
    }

    /// What to do next.
    enum Action: Equatable, Sendable {
        /// Open a socket.
        case connect
        /// Authenticate, select the database.
        case handshake
        /// Let commands flow until the connection ends.
        case serve
        /// Wait this long.
        case wait(Duration)
        /// Close what is open and end.
        case stop
        /// The event means nothing in this state.
        case ignore
    }

    let backoff: RedisConfiguration.Backoff
    private(set) var state = State.disconnected

    init(backoff: RedisConfiguration.Backoff) {
        self.backoff = backoff
    }

    /// Steps to the next state. `random` (0 to 1) spreads the delays.
    mutating func handle(_ event: Event, now: NIODeadline, random: Double) -> Action {
        switch (state, event) {
        case (.closed, _):
            return .ignore
        case (_, .stopped):
            state = .closed
            return .stop
        case (.disconnected, .started):
            state = .connecting(failures: 0)
            return .connect
        case (.connecting(let failures), .connected):
            state = .handshaking(failures: failures)
            return .handshake
        case (.handshaking(let failures), .handshakeSucceeded):
            state = .ready(failures: failures, since: now)
            return .serve
        case (.connecting(let failures), .failed), (.handshaking(let failures), .failed):
            return backOff(after: failures, random: random)
        case (.ready(let failures, let since), .failed):
            // A connection that breaks as soon as it stands is no success, or a server that cuts every
            // client would be tried without a pause.
            let lasted = Duration(now - since) >= backoff.cap
            return backOff(after: lasted ? 0 : failures, random: random)
        case (.backingOff(let failures), .delayElapsed):
            state = .connecting(failures: failures)
            return .connect
        default:
            return .ignore
        }
    }

    private mutating func backOff(after failures: Int, random: Double) -> Action {
        state = .backingOff(failures: failures + 1)
        return .wait(backoff.delay(attempt: failures, random: random))
    }
}

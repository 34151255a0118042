import NIOCore
import Primitives

/// The state machine of a client's connection: turns each event into the next action.
///
/// A pure value: the time and the random number come in with each event.
struct ConnectionMachine: Equatable, Sendable {
    /// The state of the connection. `failures` counts the failed attempts in a row.
    enum State: Equatable, Sendable {
        /// The client has not started. Next: connecting, closed.
        case disconnected
        /// The client opens a socket. Next: handshaking, backingOff, closed.
        case connecting(failures: Int)
        /// The client authenticates and selects the database. Next: ready, connecting, backingOff, closed.
        case handshaking(failures: Int)
        /// The connection carries commands. Next: backingOff, closed.
        case ready(failures: Int, since: NIODeadline)
        /// The client waits before the next attempt. Next: connecting, closed.
        case backingOff(failures: Int)
        /// The client is shut down. No state follows.
        case closed
    }

    /// An event in the life of the connection.
    enum Event: Equatable, Sendable {
        /// The client runs.
        case started
        /// The socket is open.
        case connected
        /// The server accepted the credentials and the database.
        case handshakeSucceeded
        /// The server named another node, which has the keys.
        case redirected
        /// The attempt to connect or the handshake failed, or the connection broke.
        case failed
        /// The delay before the next attempt is over.
        case delayElapsed
        /// The client is shut down.
        case stopped
    }

    /// The next step of the client.
    enum Action: Equatable, Sendable {
        /// Open a socket.
        case connect
        /// Authenticate and select the database.
        case handshake
        /// Carry commands until the connection ends.
        case serve
        /// Wait for the given time.
        case wait(Duration)
        /// Close the open connection and end.
        case stop
        /// Do nothing: the event has no meaning in this state.
        case ignore
    }

    /// Limit of redirections without a pause. While a cluster changes, two nodes may name each other.
    private static let mostRedirections = 4

    let backoff: RedisConfiguration.Backoff
    private(set) var state = State.disconnected

    init(backoff: RedisConfiguration.Backoff) {
        self.backoff = backoff
    }

    /// Moves to the next state and returns the next action. `random` (0 to 1) spreads the delays.
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
        case (.handshaking(let failures), .redirected) where failures < Self.mostRedirections:
            state = .connecting(failures: failures + 1)
            return .connect
        case (.handshaking(let failures), .redirected):
            return backOff(after: failures, random: random)
        case (.connecting(let failures), .failed), (.handshaking(let failures), .failed):
            return backOff(after: failures, random: random)
        case (.ready(let failures, let since), .failed):
            // Only a connection of some duration counts as a success. Otherwise the client would retry without a pause
            // while a server closes each new connection.
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

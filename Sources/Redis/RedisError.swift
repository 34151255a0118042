/// Why a command has no reply.
///
/// `mayHaveHappened` is the question that decides about another try: `false` says that the command never left
/// this process; `true` that it was written, so the server may have executed it and only the reply is missing.
public enum RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No connection could be made, or the one that carried the command broke.
    case connection(reason: String, mayHaveHappened: Bool)
    /// No reply in time. A written command that times out as the oldest one costs the connection.
    case timeout(command: String, mayHaveHappened: Bool)
    /// The server's own error reply.
    case server(RedisServerError)
    /// As many commands as are allowed already wait for their replies.
    case overloaded(String)
    /// The server sent what is no RESP2, or a reply above the bound. The connection was closed;
    /// the command may have happened.
    case protocolViolation(String)
    /// The calling task was cancelled.
    case cancelled(mayHaveHappened: Bool)
    /// The client was shut down; the command was not written.
    case closed

    /// Whether the server may have executed the command although no reply came.
    public var mayHaveHappened: Bool {
        switch self {
        case .connection(_, let may), .timeout(_, let may), .cancelled(let may): may
        case .protocolViolation: true
        case .server, .overloaded, .closed: false
        }
    }

    /// Whether the server refuses who we are or what we ask for: another try brings the same until a person has changed
    /// something.
    public var isRefusal: Bool {
        switch self {
        case .server(let error): ["NOAUTH", "NOPERM", "WRONGPASS"].contains(error.code)
        case .connection(let reason, _):
            Self.refusals.contains { reason.contains($0) } && !reason.contains(Self.crowded)
        default: false
        }
    }

    /// Begin of what a refused introduction says (``Handshake``), and of a socket that may not be opened.
    private static let refusals = [
        "AUTH refused", "SELECT refused: ERR", "refused: NOAUTH", "refused: NOPERM", "refused: WRONGPASS",
        "permission to the socket is denied",
    ]

    /// What a server says to a connection that is one too many, in answer to its first command.
    private static let crowded = "max number of clients"

    /// Whether the server has answered and refuses this very command, while others may well succeed. An answer that it
    /// cannot serve anybody now (`LOADING`, `READONLY` and their like) is none.
    public var isOfThisCommand: Bool {
        guard case .server(let error) = self else { return false }
        return !["LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "TRYAGAIN", "NOAUTH", "WRONGPASS"]
            .contains(error.code)
    }

    public var description: String {
        switch self {
        case .connection(let reason, let may): "Redis connection: \(reason)\(Self.doubt(may))"
        case .timeout(let command, let may): "Redis did not answer \(command) in time\(Self.doubt(may))"
        case .server(let error): "Redis refused the command: \(error)"
        case .overloaded(let detail): "Redis client is overloaded: \(detail)"
        case .protocolViolation(let detail): "Redis sent an unusable reply: \(detail)"
        case .cancelled(let may): "Redis command cancelled\(Self.doubt(may))"
        case .closed: "Redis client is shut down"
        }
    }

    private static func doubt(_ mayHaveHappened: Bool) -> String {
        mayHaveHappened ? " (the command may have been executed)" : ""
    }
}

/// The reason why a command has no reply.
///
/// `mayHaveHappened` helps to decide about another try. If `false`, the command never left this process. If `true`, the
/// command was written: the server may have executed the command, and only the reply is missing.
public enum RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The client could not connect, or the command's connection broke.
    case connection(reason: String, mayHaveHappened: Bool)
    /// The reply did not come in time. If the late command is the oldest written command, the client closes the
    /// connection.
    case timeout(command: String, mayHaveHappened: Bool)
    /// The server answered with an error reply.
    case server(RedisServerError)
    /// The client has too many waiting and unanswered commands.
    case overloaded(String)
    /// The server sent invalid RESP2 or a reply above the size limit. The client closed the connection. The server may
    /// have executed the command.
    case protocolViolation(String)
    /// The calling task was cancelled.
    case cancelled(mayHaveHappened: Bool)
    /// The client was shut down before the command was written.
    case closed

    /// Whether the server may have executed the command although no reply came.
    public var mayHaveHappened: Bool {
        switch self {
        case .connection(_, let may), .timeout(_, let may), .cancelled(let may): may
        case .protocolViolation: true
        case .server, .overloaded, .closed: false
        }
    }

    /// Whether the server refuses the credentials, the permission or the database, or this system refuses the socket.
    /// Another try fails too until a person changes the configuration.
    public var isRefusal: Bool {
        switch self {
        case .server(let error): ["NOAUTH", "NOPERM", "WRONGPASS"].contains(error.code)
        case .connection(let reason, _):
            Self.refusals.contains { reason.contains($0) } && !reason.contains(Self.crowded)
        default: false
        }
    }

    /// Parts of the messages of a refused handshake (``Handshake``), and of a socket without permission.
    private static let refusals = [
        "AUTH refused", "SELECT refused: ERR", "refused: NOAUTH", "refused: NOPERM", "refused: WRONGPASS",
        "permission to the socket is denied",
    ]

    /// Whether the server refuses the user or the password, by the text of an error.
    package static func refusesLogin(_ text: String) -> Bool {
        guard !text.contains(crowded) else { return false }
        return ["AUTH refused", "NOAUTH", "WRONGPASS"].contains { text.contains($0) }
    }

    /// The words about a server that accepts a connection, and does not answer.
    package static let silence = "the server accepts connections, but gives"

    /// A server with too many connections sends this text in answer to the first command.
    private static let crowded = "max number of clients"

    /// Whether the server refused this command only, so that other commands may succeed.
    ///
    /// `false` for replies that concern every command now, for example `LOADING` or `READONLY`.
    public var isOfThisCommand: Bool {
        guard case .server(let error) = self else { return false }
        if error.message.contains(Self.movingSlot) { return false }
        let ofAll = [
            "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "MOVED", "ASK", "TRYAGAIN", "BUSY", "NOAUTH",
            "WRONGPASS",
        ]
        return !ofAll.contains(error.code)
    }

    /// A script of a cluster's node ends with this text if the slot of its keys moves to another node, and a key has moved.
    private static let movingSlot = "attempted to access a non local key in a cluster node"

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

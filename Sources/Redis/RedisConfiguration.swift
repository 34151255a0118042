/// Where the server is, who we are there, and how much a connection may cost.
public struct RedisConfiguration: Sendable, Equatable {
    /// The address of a server.
    public enum Endpoint: Sendable, Equatable {
        /// A host name or an address, and a port.
        case tcp(host: String, port: Int)
        /// The path of a Unix domain socket.
        case unix(path: String)
    }

    /// The address of the server.
    public var endpoint: Endpoint
    /// Whether the connection is encrypted and the server's certificate verified (`rediss://`).
    public var usesTLS = false
    /// A PEM file of certificate authorities to trust instead of the system's.
    public var tlsCACertificateFile: String?
    /// ACL user; `nil` with a password: the `default` user.
    public var username: String?
    /// Password for `AUTH`; `nil` with a user name: the empty one, which a `nopass` user takes.
    public var password: String?
    /// Number for `SELECT`.
    public var database = 0
    /// Bounds connecting, and after it TLS and authentication together.
    public var connectTimeout: Duration = .seconds(3)
    /// Bounds a command from the call to its reply where the call says nothing else.
    public var commandTimeout: Duration = .seconds(5)
    /// A reply of more bytes than this closes the connection.
    public var maximumReplyBytes = 64 << 20
    /// Commands that wait or are unanswered at most; above it calls fail at once. A pipeline counts each command.
    public var maximumInFlight = 4_096
    /// Delays between attempts to connect.
    public var backoff = Backoff()

    /// A server without authentication and encryption, database 0.
    public init(endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    /// Where this points, without user and password: for logs and messages.
    public var displayName: String {
        switch endpoint {
        case .tcp(let host, let port):
            let shown = host.contains(":") ? "[\(host)]" : host
            return "\(usesTLS ? "rediss" : "redis")://\(shown):\(port)/\(database)"
        case .unix(let path):
            return "unix://\(path)?db=\(database)"
        }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    /// `displayName`: printing a configuration never prints its password.
    public var description: String { displayName }
    public var debugDescription: String { displayName }
}

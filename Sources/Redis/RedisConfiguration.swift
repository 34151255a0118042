import Primitives

/// The server's address, the credentials, and the limits of a connection.
public struct RedisConfiguration: Sendable, Equatable {
    /// The address of a server.
    public enum Endpoint: Sendable, Equatable {
        /// A host name or an IP address, and a port.
        case tcp(host: String, port: Int)
        /// The path of a Unix domain socket.
        case unix(path: String)
    }

    /// The address of the server.
    public var endpoint: Endpoint
    /// Whether the client encrypts the connection and verifies the server's certificate (`rediss://`).
    public var usesTLS = false
    /// The PEM file of trusted certificate authorities; nil: the system's authorities.
    public var tlsCACertificateFile: String?
    /// The ACL user. If nil and a password is set: the `default` user.
    public var username: String?
    /// The password for `AUTH`. If nil and a user name is set: the empty password, valid for a `nopass` user.
    public var password: String?
    /// The number for `SELECT`.
    public var database = 0
    /// The time limit for opening a socket. The same limit applies again to TLS and authentication together.
    public var connectTimeout: Duration = .seconds(3)
    /// The time limit of a command, from the call to the reply. A call can set another limit.
    public var commandTimeout: Duration = .seconds(5)
    /// The largest reply in bytes. A larger reply closes the connection.
    public var maximumReplyBytes = 64 << 20
    /// The largest number of waiting and unanswered commands; further calls fail at once. Each command of a pipeline
    /// counts.
    public var maximumInFlight = 4_096
    /// The delays between attempts to connect: exponential with full jitter, so that the clients of a server do not
    /// reconnect at once after its start.
    public typealias Backoff = Primitives.Backoff

    /// The delays between attempts to connect.
    public var backoff = Backoff()

    /// Creates a configuration for database 0 of a server without authentication and encryption.
    public init(endpoint: Endpoint) {
        self.endpoint = endpoint
    }

    /// The server's address and database without user and password, for logs and messages.
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
    /// The `displayName`, so that a printed configuration never shows the password.
    public var description: String { displayName }
    public var debugDescription: String { displayName }
}

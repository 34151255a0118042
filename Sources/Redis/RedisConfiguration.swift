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

    /// The way to the server. A client goes this way before each connection.
    public enum Server: Sendable, Equatable {
        /// The server has one address.
        case at(Endpoint)
        /// Any of these nodes of a Redis Cluster names the node of ``homeKey``.
        case cluster([Endpoint])
        /// Any of these sentinels names the master.
        case sentinels(RedisSentinels)
    }

    /// The way to the server.
    public var server: Server
    /// Whether the client encrypts the connection and verifies the server's certificate (`rediss://`).
    public var usesTLS = false
    /// The PEM file of trusted certificate authorities; nil: the system's authorities. The client reads the file again
    /// after a change.
    public var tlsCACertificateFile: String?
    /// The PEM file of the client's certificate and its chain; nil: no certificate. The client reads the file again
    /// after a change.
    public var tlsCertificateFile: String?
    /// The PEM file of the private key of the client's certificate.
    public var tlsKeyFile: String?
    /// A key in the same slot as all keys of the client's commands. In a cluster, the client connects to the node of
    /// this key; nil: to any node.
    public var homeKey: String?
    /// Whether a replica will do. Otherwise a connection to a replica counts as failed: a replica takes no writes.
    public var acceptsReplica = false
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
    /// Whether the waiting calls fail at once if ``RedisError/isRefusal`` holds for an attempt to connect. Suits a command
    /// of a person. A worker waits for the correction instead.
    public var failsIfRefused = false
    /// The delays between attempts to connect: exponential with full jitter, so that the clients of a server do not
    /// reconnect at once after its start.
    public typealias Backoff = Primitives.Backoff

    /// The delays between attempts to connect.
    public var backoff = Backoff()

    /// The time limit for one of several addresses: the next one may answer.
    private static let limitOfOneAddress = Duration.seconds(1)

    /// The time limit for opening a socket to one address.
    var attemptTimeout: Duration {
        guard case .cluster(let nodes) = server, nodes.count > 1 else { return connectTimeout }
        return min(connectTimeout, Self.limitOfOneAddress)
    }

    /// The time in which a client reaches the server, if only the last address answers.
    package var reachTimeout: Duration {
        switch server {
        // The second lets the reason of a failed attempt come before the end of the wait.
        case .at: connectTimeout + .seconds(1)
        case .cluster(let nodes): attemptTimeout * (2 * nodes.count) + connectTimeout
        case .sentinels(let group): Self.limitOfOneAddress * group.addresses.count + connectTimeout
        }
    }

    /// Creates a configuration for database 0 of a server without authentication and encryption.
    public init(endpoint: Endpoint) {
        server = .at(endpoint)
    }

    /// The server's address and database without user and password, for logs and messages.
    public var displayName: String {
        let scheme = usesTLS ? "rediss" : "redis"
        return switch server {
        case .at(.unix(let path)): "unix://\(path)?db=\(database)"
        case .at(let endpoint): "\(scheme)://\(endpoint)/\(database)"
        case .cluster(let nodes): "\(scheme)://\(nodes.map(\.description).joined(separator: ","))/\(database)"
        case .sentinels(let group): "\(scheme)+sentinel://\(group)/\(database)"
        }
    }
}

extension RedisConfiguration.Endpoint: CustomStringConvertible {
    /// The address as in a URL: `HOST:PORT`, or the path of a socket.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .unix(let path): path
        }
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible {
    /// The `displayName`, so that a printed configuration never shows the password.
    public var description: String { displayName }
    public var debugDescription: String { displayName }
}

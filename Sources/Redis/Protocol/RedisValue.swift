/// A reply of the server in RESP2.
public enum RedisValue: Sendable, Equatable {
    /// The null bulk string or the null array: a missing key or field, or the time-out of a blocking command.
    case null
    /// An integer: `:1`.
    case integer(Int64)
    /// A string of any bytes.
    case bulk([UInt8])
    /// A string of so many bytes that was discarded while it arrived, because it was above the connection's limit.
    case omitted(bytes: Int)
    /// A simple string: `+OK`.
    case status(String)
    /// An error reply: `-ERR …`. A value only in a pipeline or inside an array (a transaction); elsewhere the client
    /// throws the error.
    case error(RedisServerError)
    /// An array of replies, nested as the command defines.
    case array([RedisValue])

    /// The text of a bulk string or a status. Invalid UTF-8 becomes U+FFFD.
    public var string: String? {
        switch self {
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        case .null, .integer, .omitted, .error, .array: nil
        }
    }

    /// The bytes of a bulk string or a status.
    public var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .status(let text): Array(text.utf8)
        case .null, .integer, .omitted, .error, .array: nil
        }
    }

    /// The value of an integer, or of a bulk string with a decimal number. Hashes and scripts return numbers as bulk
    /// strings.
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bulk(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        case .null, .omitted, .status, .error, .array: nil
        }
    }

    /// The elements of an array.
    public var array: [RedisValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// Whether the reply is the null bulk string or the null array.
    public var isNull: Bool { self == .null }
}

/// An error reply: the server received the command and refused the command.
public struct RedisServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The first word of the reply, for programs: `NOSCRIPT`, `WRONGTYPE`, `OOM`, `ERR`.
    public var code: String
    /// The rest of the reply, for people. The wording differs between versions of the server.
    public var message: String

    /// Whether the server answers but cannot serve the client now: a replica after a failover, a server still loading
    /// data, or a node of a cluster without the key. The client closes the connection, because the next connection may
    /// reach another server.
    var saysWrongServer: Bool { ["READONLY", "LOADING", "MASTERDOWN", "MOVED"].contains(code) }

    /// The node that has the key, if the error is a redirection of a cluster: `MOVED 3999 HOST:PORT`.
    ///
    /// - Parameter asked: The node that sent the error. A redirection without a host means the host of this node.
    func redirection(from asked: RedisConfiguration.Endpoint) -> RedisConfiguration.Endpoint? {
        guard code == "MOVED", let target = message.split(separator: " ").last,
            let colon = target.lastIndex(of: ":"), let port = Int(target[target.index(after: colon)...])
        else { return nil }
        let host = String(target[..<colon])
        if !host.isEmpty { return .tcp(host: host, port: port) }
        guard case .tcp(let same, _) = asked else { return nil }
        return .tcp(host: same, port: port)
    }

    /// Creates an error from a code and a text.
    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// Creates an error from the server's line without the leading `-`.
    init(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1)
        self.code = parts.first.map(String.init) ?? "ERR"
        self.message = parts.count > 1 ? String(parts[1]) : ""
    }

    public var description: String { message.isEmpty ? code : "\(code) \(message)" }
}

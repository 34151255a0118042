/// A reply of the server in RESP2.
public enum RedisValue: Sendable, Equatable {
    /// The null bulk string or the null array: no such key, no such field, a blocking command's time ran out.
    case null
    /// `:1`
    case integer(Int64)
    /// A string of any bytes.
    case bulk([UInt8])
    /// `+OK`
    case status(String)
    /// `-ERR …`: a value only inside an array (a transaction) or a pipeline; elsewhere it is thrown.
    case error(RedisServerError)
    /// Replies within a reply, nested as the command defines.
    case array([RedisValue])

    /// The text of a bulk string or a status; bytes that are no UTF-8 become U+FFFD.
    public var string: String? {
        switch self {
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        case .null, .integer, .error, .array: nil
        }
    }

    /// The bytes of a bulk string or a status.
    public var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .status(let text): Array(text.utf8)
        case .null, .integer, .error, .array: nil
        }
    }

    /// An integer, or a bulk string that is one in decimal (how hashes and scripts give numbers back).
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bulk(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        case .null, .status, .error, .array: nil
        }
    }

    /// The elements of an array.
    public var array: [RedisValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// Whether this is the null bulk string or the null array.
    public var isNull: Bool { self == .null }
}

/// An error reply: the command reached the server, which refused it.
public struct RedisServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The first word of the reply, by which programs tell errors apart: `NOSCRIPT`, `WRONGTYPE`, `OOM`, `ERR`.
    public var code: String
    /// The rest of the reply, for people. Its wording differs between versions of the server.
    public var message: String

    /// Whether this server cannot serve us although it answers: a replica since a failover, or one that loads its data.
    /// A connection that hears this is given up, so that the next one may meet another server.
    var saysWrongServer: Bool { ["READONLY", "LOADING", "MASTERDOWN"].contains(code) }

    /// An error of this code and this text.
    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// An error from the line that the server sent, without the leading `-`.
    init(line: String) {
        let parts = line.split(separator: " ", maxSplits: 1)
        self.code = parts.first.map(String.init) ?? "ERR"
        self.message = parts.count > 1 ? String(parts[1]) : ""
    }

    public var description: String { message.isEmpty ? code : "\(code) \(message)" }
}

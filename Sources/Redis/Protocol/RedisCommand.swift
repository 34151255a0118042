/// An argument of a command, sent as a binary-safe bulk string.
public enum RedisArgument: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByIntegerLiteral
{
    /// UTF-8 text.
    case string(String)
    /// Any bytes.
    case bytes([UInt8])
    /// A number, in decimal.
    case integer(Int64)

    public init(stringLiteral value: String) {
        self = .string(value)
    }

    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }
}

/// A command and its arguments. The client neither parses nor quotes: the server receives each argument exactly as
/// given.
public struct RedisCommand: Sendable, Equatable {
    /// The first word, such as `LMOVE`. A subcommand is an argument: `RedisCommand("CLIENT", "ID")`.
    public var name: String
    /// The words after the name.
    public var arguments: [RedisArgument]

    /// Creates a command from single arguments.
    public init(_ name: String, _ arguments: RedisArgument...) {
        self.init(name, arguments: arguments)
    }

    /// Creates a command from an array of arguments.
    public init(_ name: String, arguments: [RedisArgument]) {
        self.name = name
        self.arguments = arguments
    }

    /// The approximate size on the wire, in bytes.
    var size: Int {
        arguments.reduce(name.utf8.count + 16) { sum, argument in
            switch argument {
            case .string(let text): sum + text.utf8.count + 8
            case .bytes(let bytes): sum + bytes.count + 8
            case .integer: sum + 16
            }
        }
    }
}

import NIOCore
import NIOHTTP1
import Primitives

/// A request to the Docker Engine.
struct EngineRequest: Sendable {
    /// The group of connections for a request. Short calls then never wait behind long calls.
    enum Lane: Sendable {
        /// Calls with an answer within milliseconds.
        case short
        /// Calls that take as long as a container needs: create, start, stop, remove.
        case long
        /// Calls with a continuing answer: events, pulls and lists.
        case stream
        /// Calls that check whether the Docker Engine accepts new connections. Each call opens a connection of its own.
        case probe
    }

    var operation: EngineOperation
    var method: HTTPMethod
    /// The path segments below `/v1.XX`, not yet encoded.
    var path: [String]
    /// The query parameters in the order of sending, not yet encoded.
    var query: [(name: String, value: String)] = []
    /// The headers besides the common headers of every request.
    var headers: [(name: String, value: String)] = []
    /// The JSON body.
    var body: ByteBuffer?
    /// The time limit for the whole answer. For a continuing answer, the limit for the head of the answer.
    var deadline: Duration
    var lane: Lane = .short
    /// The port's operation, for the text of errors.
    var caller: String

    init(
        _ operation: EngineOperation,
        _ method: HTTPMethod,
        _ path: [String],
        query: [(name: String, value: String)] = [],
        body: ByteBuffer? = nil,
        deadline: Duration,
        lane: Lane = .short,
        caller: String? = nil
    ) {
        self.operation = operation
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.deadline = deadline
        self.lane = lane
        self.caller = caller ?? operation.portOperation
    }

    /// Returns the path and the query in encoded form. `version` is nil for `/_ping`, because this path has no version.
    func target(version: APIVersion?) -> String {
        var text = version.map { "/v\($0)" } ?? ""
        for segment in path { text += "/" + percentEncoded(segment) }
        var separator = "?"
        for (name, value) in query {
            text += separator + percentEncoded(name) + "=" + percentEncoded(value)
            separator = "&"
        }
        return text
    }
}

/// Returns `text` with all bytes percent-encoded except letters, digits and `-._~` (the unreserved characters of RFC
/// 3986).
func percentEncoded(_ text: String) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
        if byte.isLetterOrDigit || "-._~".utf8.contains(byte) {
            bytes.append(byte)
        } else {
            bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

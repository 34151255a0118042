import NIOCore
import NIOHTTP1

/// One request to the Engine.
struct EngineRequest: Sendable {
    /// Which connections carry it, so that none waits behind calls of another length.
    enum Lane: Sendable {
        /// Answers in milliseconds.
        case short
        /// May take as long as a container does: create, start, stop, remove.
        case long
        /// Goes on answering: events, pulls.
        case stream
        /// Asks whether the Engine takes new callers, so each on a connection of its own.
        case probe
    }

    var operation: EngineOperation
    var method: HTTPMethod
    /// Segments below `/v1.XX`, not yet encoded.
    var path: [String]
    /// Parameters, not yet encoded, in the order in which they are sent.
    var query: [(name: String, value: String)] = []
    /// Headers beyond those that every request has.
    var headers: [(name: String, value: String)] = []
    /// JSON body.
    var body: ByteBuffer?
    /// How long the call may take, its answer's body included.
    var deadline: Duration
    var lane: Lane = .short
    /// The operation of the port that an error names.
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

    /// Path and query as they go over the wire; `version` is nil for `/_ping`, which has none.
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

/// `text` with every byte but letters, digits and `-._~` percent-encoded (RFC 3986, unreserved characters).
func percentEncoded(_ text: String) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            bytes.append(byte)
        default:
            bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

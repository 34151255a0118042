import Primitives
import Tracing

/// Renders spans as JSON for OTLP/HTTP.
enum OTLPMessage {
    /// Returns the body of a request.
    static func text(_ spans: [TraceSpan.Record], resource: [(String, String)], version: String) -> String {
        let attributes = resource.map { attribute($0.0, .string($0.1)) }.joined(separator: ",")
        let scope = #"{"name":"rtmanager","version":"# + JSONText.string(version) + "}"
        return #"{"resourceSpans":[{"resource":{"attributes":["# + attributes + #"]},"scopeSpans":[{"scope":"# + scope
            + #","spans":["# + spans.map(span).joined(separator: ",") + "]}]}]}"
    }

    private static func span(_ record: TraceSpan.Record) -> String {
        var members = [
            (name: "traceId", json: JSONText.string(record.identity.trace)),
            ("spanId", JSONText.string(record.identity.span)),
            ("name", JSONText.string(record.name)), ("kind", String(kind(record.kind))),
            // The JSON form of protocol buffers writes 64-bit numbers as strings.
            ("startTimeUnixNano", JSONText.string(String(record.begin))),
            ("endTimeUnixNano", JSONText.string(String(record.end))),
        ]
        if let parent = record.parent { members.append(("parentSpanId", JSONText.string(parent))) }
        var attributes: [String] = []
        record.attributes.forEach { attributes.append(attribute($0, $1)) }
        members.append(("attributes", "[" + attributes.sorted().joined(separator: ",") + "]"))
        if let status = record.status {
            let message = status.message.map { #","message":"# + JSONText.string($0) } ?? ""
            members.append(("status", #"{"code":"# + (status.code == .error ? "2" : "1") + message + "}"))
        }
        return JSONText.object(members)
    }

    /// Returns the number of a kind in the protocol.
    private static func kind(_ kind: SpanKind) -> Int {
        switch kind {
        case .server: 2
        case .client: 3
        case .producer: 4
        case .consumer: 5
        default: 1
        }
    }

    private static func attribute(_ name: String, _ value: SpanAttribute) -> String {
        let text: String
        switch value {
        case .int64(let number): text = #"{"intValue":"\#(number)"}"#
        case .int32(let number): text = #"{"intValue":"\#(number)"}"#
        case .bool(let value): text = #"{"boolValue":\#(value)}"#
        case .double(let number) where number.isFinite: text = #"{"doubleValue":\#(number)}"#
        case .string(let value): text = #"{"stringValue":"# + JSONText.string(value) + "}"
        default: text = #"{"stringValue":"# + JSONText.string("\(value)") + "}"
        }
        return #"{"key":"# + JSONText.string(name) + #","value":"# + text + "}"
    }
}

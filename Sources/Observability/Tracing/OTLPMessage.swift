import Tracing

/// Renders spans as JSON for OTLP/HTTP.
enum OTLPMessage {
    /// Returns the body of a request.
    static func text(_ spans: [TraceSpan.Record], resource: [(String, String)], version: String) -> String {
        let attributes = resource.map { attribute($0.0, .string($0.1)) }.joined(separator: ",")
        let scope = #"{"name":"rtmanager","version":"# + string(version) + "}"
        return #"{"resourceSpans":[{"resource":{"attributes":["# + attributes + #"]},"scopeSpans":[{"scope":"# + scope
            + #","spans":["# + spans.map(span).joined(separator: ",") + "]}]}]}"
    }

    private static func span(_ record: TraceSpan.Record) -> String {
        var members = [
            (#""traceId""#, string(record.identity.trace)), (#""spanId""#, string(record.identity.span)),
            (#""name""#, string(record.name)), (#""kind""#, String(kind(record.kind))),
            // The JSON form of protocol buffers writes 64-bit numbers as strings.
            (#""startTimeUnixNano""#, string(String(record.begin))),
            (#""endTimeUnixNano""#, string(String(record.end))),
        ]
        if let parent = record.parent { members.append((#""parentSpanId""#, string(parent))) }
        var attributes: [String] = []
        record.attributes.forEach { attributes.append(attribute($0, $1)) }
        members.append((#""attributes""#, "[" + attributes.sorted().joined(separator: ",") + "]"))
        if let status = record.status {
            let message = status.message.map { #","message":"# + string($0) } ?? ""
            members.append((#""status""#, #"{"code":"# + (status.code == .error ? "2" : "1") + message + "}"))
        }
        return "{" + members.map { "\($0.0):\($0.1)" }.joined(separator: ",") + "}"
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
        case .string(let value): text = #"{"stringValue":"# + string(value) + "}"
        default: text = #"{"stringValue":"# + string("\(value)") + "}"
        }
        return #"{"key":"# + string(name) + #","value":"# + text + "}"
    }

    private static func string(_ text: String) -> String {
        var escaped = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped + "\""
    }
}

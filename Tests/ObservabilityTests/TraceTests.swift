import Foundation
import Support
import Testing
import Tracing

@testable import Observability

private struct Fields: Extractor, Injector {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}

@Suite("Spans")
struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    private func context(_ tracer: OTLPTracer, flags: String = "01") -> ServiceContext {
        var context = ServiceContext.topLevel
        tracer.extract(["traceparent": "00-\(Self.trace)-\(Self.parent)-\(flags)"], into: &context, using: Fields())
        return context
    }

    @Test("continue the producer's trace, and pass it on to called services")
    func continues() throws {
        let tracer = OTLPTracer()
        let span = tracer.startSpan("start game", context: context(tracer), ofKind: .consumer)
        let child = tracer.startSpan("pull", context: span.context)
        var carrier: [String: String] = [:]
        tracer.inject(child.context, into: &carrier, using: Fields())
        child.end()
        span.end()
        span.end()
        let spans = tracer.drain(most: 10).spans
        #expect(spans.map(\.name) == ["pull", "start game"])
        #expect(spans.allSatisfy { $0.identity.trace == Self.trace && $0.end >= $0.begin })
        #expect(spans[1].parent == Self.parent && spans[0].parent == spans[1].identity.span)
        #expect(carrier["traceparent"] == "00-\(Self.trace)-\(spans[0].identity.span)-01")
    }

    @Test("are not recorded if the producer's trace is not; without a producer's trace a new one begins")
    func sampling() {
        let tracer = OTLPTracer()
        tracer.startSpan("a", context: context(tracer, flags: "00")).end()
        #expect(tracer.drain(most: 10).spans.isEmpty)
        tracer.startSpan("b", context: ServiceContext.topLevel).end()
        let spans = tracer.drain(most: 10).spans
        #expect(spans.count == 1 && spans[0].parent == nil && spans[0].identity.trace.utf8.count == 32)
    }

    @Test("are bounded, and dropped spans are counted")
    func bounded() {
        let tracer = OTLPTracer(limit: 2)
        for _ in 0..<5 { tracer.startSpan("a", context: ServiceContext.topLevel).end() }
        let (spans, dropped) = tracer.drain(most: 1)
        #expect(spans.count == 1 && dropped == 3)
        #expect(tracer.drain(most: 10).dropped == 0)
    }

    @Test("are encoded as OTLP JSON")
    func message() throws {
        let tracer = OTLPTracer()
        let span = tracer.startSpan("start \"game\"\n", context: context(tracer), ofKind: .consumer)
        span.attributes["rtm.attempt"] = 2
        span.attributes["rtm.outcome"] = "failed"
        span.setStatus(SpanStatus(code: .error, message: "late"))
        span.end()
        let text = OTLPMessage.text(
            tracer.drain(most: 1).spans,
            resource: [("service.name", "rtmanager")],
            version: "1.2.3"
        )
        let json = try TestJSON(text: Data(text.utf8))
        let resource = try #require(json["resourceSpans"]?.first)
        #expect(resource["resource"]?["attributes"]?.first?["value"]?["stringValue"] == .string("rtmanager"))
        let written = try #require(resource["scopeSpans"]?.first?["spans"]?.first)
        #expect(written["name"] == .string("start \"game\"\n"))
        #expect(written["traceId"] == .string(Self.trace) && written["parentSpanId"] == .string(Self.parent))
        #expect(written["kind"] == .number(5) && written["status"]?["code"] == .number(2))
        #expect(UInt64(written["startTimeUnixNano"]?.string ?? "") != nil)
        #expect(text.contains(#"{"key":"rtm.attempt","value":{"intValue":"2"}}"#))
        #expect(text.contains(#"{"key":"rtm.outcome","value":{"stringValue":"failed"}}"#))
    }

    @Test(
        "accept a collector address with or without the path",
        arguments: [
            ("http://c:4318", "http://c:4318/v1/traces"), ("http://c:4318/", "http://c:4318/v1/traces"),
            ("http://c:4318/v1/traces", "http://c:4318/v1/traces"), ("http://c/v1/traces//", "http://c/v1/traces"),
            ("https://c/otlp", "https://c/otlp/v1/traces"), ("http://c/v1", "http://c/v1/v1/traces"),
        ]
    )
    func collector(endpoint: String, address: String) { #expect(OTLPExporter.traces(of: endpoint) == address) }
}

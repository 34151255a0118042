import Logging
import CoreMetrics
import NIOHTTP1
import ServiceLifecycle
import Support
import Testing
import Tracing

@testable import Observability

@Suite("The exporter of spans", .timeLimit(.minutes(1)))
struct ExporterTests {
    /// Ends `count` spans with this name.
    private func end(_ name: String, _ tracer: OTLPTracer, count: Int = 1) {
        for _ in 0..<count { tracer.startSpan(name, context: ServiceContext.topLevel).end() }
    }

    /// Runs an exporter for the time of `body`, then ends the exporter gracefully and waits for its end.
    private func export(
        _ tracer: OTLPTracer,
        to endpoint: String,
        logger: Logger = .silent,
        metrics: PrometheusRegistry = PrometheusRegistry(),
        _ body: () async throws -> Void
    ) async throws {
        let exporter = OTLPExporter(
            tracer,
            endpoint: endpoint,
            resource: [("service.name", "rtmanager")],
            version: "1.2.3",
            logger: logger
        )
        let group = ServiceGroup(configuration: .init(services: [exporter], logger: .silent))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await withMetricsFactory(metrics) { try await group.run() } }
            do {
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func names(_ collector: TestCollector) -> [String] {
        collector.posts.map(\.body).flatMap { body in
            body.matches(of: #/"name":"([a-z]+)","kind"/#).map { String($0.1) }
        }
    }

    @Test("sends the spans that end after the last regular sending, before the worker ends")
    func lastSpans() async throws {
        let tracer = OTLPTracer()
        try await TestCollector.with { collector in
            end("first", tracer)
            try await export(tracer, to: "http://127.0.0.1:\(collector.port)") {
                try await eventually("the first sending") { names(collector) == ["first"] }
                end("last", tracer, count: 3)
            }
            #expect(names(collector) == ["first", "last", "last", "last"])
            #expect(collector.posts.allSatisfy { $0.path == "/v1/traces" && $0.contentType == "application/json" })
            #expect(tracer.drain(most: 10).spans.isEmpty)
        }
    }

    @Test("sends everything that waits, in batches of 512 at most")
    func batches() async throws {
        let (tracer, metrics) = (OTLPTracer(), PrometheusRegistry())
        try await TestCollector.with { collector in
            end("many", tracer, count: 1_300)
            try await export(tracer, to: "http://127.0.0.1:\(collector.port)", metrics: metrics) {
                try await eventually("the first sending") { !collector.posts.isEmpty }
            }
            let counts = collector.posts.map { $0.body.matches(of: #/"name":"many"/#).count }
            #expect(counts == [512, 512, 276])
        }
        #expect(metrics.text.contains("rtm_spans_exported_total 1300\n"))
    }

    @Test("warns once if the collector refuses the spans, loses only these spans, and goes on")
    func refused() async throws {
        let (tracer, log, metrics) = (OTLPTracer(), LogRecord(), PrometheusRegistry())
        try await TestCollector.with(status: .serviceUnavailable) { collector in
            end("lost", tracer, count: 3)
            try await export(tracer, to: "http://127.0.0.1:\(collector.port)", logger: log.logger(), metrics: metrics) {
                try await eventually("a refusal") { collector.posts.count == 1 && log.lines.count == 1 }
                end("lost", tracer, count: 2)
            }
            #expect(collector.posts.count == 2)
        }
        let lines = metrics.text.split(separator: "\n")
        #expect(lines.contains("rtm_spans_dropped_total 5"))
        #expect(lines.contains("rtm_spans_exported_total 0"))
        let warnings = log.lines.filter { $0.contains("spans are lost") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("it answers 503") == true)
        #expect(tracer.drain(most: 10).spans.isEmpty)
    }
}

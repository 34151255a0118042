import AsyncHTTPClient
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// Sends spans to a collector by OTLP/HTTP, as JSON.
///
/// While the collector is out of reach, the exporter loses spans. An absent collector has no other effect.
package struct OTLPExporter: Service {
    private static let pause = Duration.seconds(2)
    private static let batch = 512
    private static let deadline = TimeAmount.seconds(5)

    private let tracer: OTLPTracer
    private let endpoint: String
    private let resource: [(String, String)]
    private let version: String
    private let logger: Logger

    /// Creates an exporter for the spans of `tracer`.
    ///
    /// - Parameters:
    ///   - endpoint: The collector's address, such as `http://host:4318`. The exporter adds a missing `/v1/traces`.
    ///   - resource: The names and values of attributes for the source of all spans.
    package init(
        _ tracer: OTLPTracer,
        endpoint: String,
        resource: [(String, String)],
        version: String,
        logger: Logger
    ) {
        self.tracer = tracer
        self.endpoint = Self.traces(of: endpoint)
        self.resource = resource
        self.version = version
        self.logger = logger
    }

    /// Returns the address for traces. Collectors document two forms, the base and the full address; both are accepted.
    package static func traces(of endpoint: String) -> String {
        var base = endpoint[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        return base.hasSuffix("/v1/traces") ? String(base) : base + "/v1/traces"
    }

    /// Sends ended spans every two seconds, and a last time at the end.
    package func run() async throws {
        for label in ["rtm_spans_exported_total", "rtm_spans_dropped_total"] { Counter(label: label).increment(by: 0) }
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        var isAway = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            isAway = await send(client, wasAway: isAway)
            // A shutdown ends only the pause. A cancelled request would lose its spans.
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: Self.pause) }
        }
        _ = await send(client, wasAway: isAway)
        try await client.shutdown()
    }

    /// Sends all ended spans. Returns whether the collector is away. Only the first failure in a row writes a warning.
    private func send(_ client: HTTPClient, wasAway: Bool) async -> Bool {
        while true {
            let (spans, dropped) = tracer.drain(most: Self.batch)
            if dropped > 0 { Counter(label: "rtm_spans_dropped_total").increment(by: dropped) }
            guard !spans.isEmpty else { return wasAway }
            do {
                try await send(spans, client)
                Counter(label: "rtm_spans_exported_total").increment(by: spans.count)
            } catch {
                Counter(label: "rtm_spans_dropped_total").increment(by: spans.count)
                if !wasAway {
                    logger.warning(
                        "spans are lost: the collector does not accept them",
                        metadata: ["collector": "\(endpoint)", "error": "\(error)"]
                    )
                }
                return true
            }
            if spans.count < Self.batch { return false }
        }
    }

    private func send(_ spans: [TraceSpan.Record], _ client: HTTPClient) async throws {
        var request = HTTPClientRequest(url: endpoint)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(string: OTLPMessage.text(spans, resource: resource, version: version)))
        let response = try await client.execute(request, deadline: .now() + Self.deadline)
        _ = try? await response.body.collect(upTo: 1 << 16)
        guard (200..<300).contains(response.status.code) else { throw Refused(status: response.status.code) }
    }

    private struct Refused: Error, CustomStringConvertible {
        var status: UInt
        var description: String { "it answers \(status)" }
    }
}

import AsyncHTTPClient
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// Sends spans to a collector by OTLP/HTTP, as JSON. A collector that is away costs the spans of that time and nothing
/// else.
package struct OTLPExporter: Service {
    private static let pause = Duration.seconds(2)
    private static let batch = 512
    private static let deadline = TimeAmount.seconds(5)

    private let tracer: OTLPTracer
    private let endpoint: String
    private let resource: [(String, String)]
    private let version: String
    private let logger: Logger

    /// - Parameters:
    ///   - endpoint: `http://host:4318`; `/v1/traces` is added where it does not end so.
    ///   - resource: names and values of what all spans come from.
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

    /// Where the traces go: both forms that collectors' pages name are taken, the base and the whole address.
    package static func traces(of endpoint: String) -> String {
        var base = endpoint[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        return base.hasSuffix("/v1/traces") ? String(base) : base + "/v1/traces"
    }

    /// Sends what has ended every two seconds, and once more at the end.
    package func run() async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        let isAway = await cancelWhenGracefulShutdown { () async -> Bool in
            var isAway = false
            while !Task.isCancelled {
                isAway = await send(client, wasAway: isAway)
                try? await Task.sleep(for: Self.pause)
            }
            return isAway
        }
        _ = await send(client, wasAway: isAway)
        try await client.shutdown()
    }

    /// Sends all that has ended. Answers whether the collector is away, which is told when it begins.
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
                        "spans are lost: the collector does not take them",
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

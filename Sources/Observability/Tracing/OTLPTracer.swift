import Primitives
import Synchronization
import Tracing

/// Keeps ended spans for the exporter. The number of kept spans is bounded; the tracer counts and drops further spans.
package final class OTLPTracer: Tracer {
    private struct State {
        var ended: [TraceSpan.Record] = []
        var dropped = 0
    }

    private static let header = "traceparent"

    private let limit: Int
    private let state = Mutex(State())

    /// Creates a tracer.
    ///
    /// - Parameter limit: The largest number of kept spans.
    package init(limit: Int = 4_096) { self.limit = limit }

    package func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> TraceSpan {
        var context = context()
        let parent = context[TraceIdentityKey.self]
        let identity = TraceIdentity(
            trace: parent?.trace ?? Hex.string(UInt64.random(in: 1 ... .max))
                + Hex.string(UInt64.random(in: 1 ... .max)),
            span: Hex.string(UInt64.random(in: 1 ... .max)),
            // The first span of the trace decides about sampling.
            isSampled: parent?.isSampled ?? true
        )
        context[TraceIdentityKey.self] = identity
        let record = TraceSpan.Record(
            name: operationName,
            kind: kind,
            identity: identity,
            parent: parent?.span,
            begin: instant().nanosecondsSinceEpoch
        )
        return TraceSpan(record, context: context, isRecording: identity.isSampled) { self.take($0) }
    }

    package func forceFlush() {}

    package func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let text = extractor.extract(key: Self.header, from: carrier) else { return }
        if let identity = TraceIdentity(traceparent: text) { context[TraceIdentityKey.self] = identity }
    }

    package func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let identity = context[TraceIdentityKey.self] else { return }
        injector.inject(identity.traceparent, forKey: Self.header, into: &carrier)
    }

    private func take(_ record: TraceSpan.Record) {
        state.withLock { state in
            if state.ended.count < limit { state.ended.append(record) } else { state.dropped += 1 }
        }
    }

    /// Removes and returns up to `most` spans, with the number of spans dropped since the last call.
    package func drain(most: Int) -> (spans: [TraceSpan.Record], dropped: Int) {
        state.withLock { state in
            let spans = Array(state.ended.prefix(most))
            state.ended.removeFirst(spans.count)
            defer { state.dropped = 0 }
            return (spans, state.dropped)
        }
    }
}

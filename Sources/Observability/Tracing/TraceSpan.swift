import Synchronization
import Tracing

/// A span. At its end, the span goes to its tracer.
package final class TraceSpan: Span {
    /// The recorded data of a span.
    package struct Record: Sendable {
        package var name: String
        package var kind: SpanKind
        package var identity: TraceIdentity
        package var parent: String?
        package var begin: UInt64
        package var end: UInt64 = 0
        package var attributes = SpanAttributes()
        package var status: SpanStatus?

        package init(
            name: String,
            kind: SpanKind,
            identity: TraceIdentity,
            parent: String? = nil,
            begin: UInt64,
            end: UInt64 = 0,
            attributes: SpanAttributes = SpanAttributes(),
            status: SpanStatus? = nil
        ) {
            self.name = name
            self.kind = kind
            self.identity = identity
            self.parent = parent
            self.begin = begin
            self.end = end
            self.attributes = attributes
            self.status = status
        }
    }

    package let context: ServiceContext
    package let isRecording: Bool
    private let state: Mutex<Record>
    private let ended: @Sendable (Record) -> Void

    package init(
        _ record: Record,
        context: ServiceContext,
        isRecording: Bool,
        ended: @escaping @Sendable (Record) -> Void
    ) {
        self.context = context
        self.isRecording = isRecording
        self.ended = ended
        state = Mutex(record)
    }

    package var operationName: String {
        get { state.withLock { $0.name } }
        set { state.withLock { $0.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { state.withLock { $0.attributes = newValue } }
    }

    package func setStatus(_ status: SpanStatus) { state.withLock { $0.status = status } }

    /// Discards the event, because the log holds the events within a span.
    package func addEvent(_ event: SpanEvent) {}

    package func addLink(_ link: SpanLink) {}

    package func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {
        setStatus(SpanStatus(code: .error, message: "\(error)"))
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        guard isRecording else { return }
        let time = instant().nanosecondsSinceEpoch
        let record: Record? = state.withLock { record in
            // Only the first end of a span counts.
            guard record.end == 0 else { return nil }
            record.end = max(time, record.begin)
            return record
        }
        if let record { ended(record) }
    }
}

/// The ids of a span and its trace, and whether the trace is sampled.
package struct TraceIdentity: Sendable, Equatable {
    /// The trace's id, 32 hex digits.
    var trace: String
    /// The span's id, 16 hex digits.
    var span: String
    var isSampled: Bool

    init(trace: String, span: String, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// Parses W3C trace context. The decoder of the message has already validated the text.
    init?(traceparent: String) {
        let parts = traceparent.split(separator: "-")
        guard parts.count >= 4, parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        self.init(trace: String(parts[1]), span: String(parts[2]), isSampled: flags & 1 == 1)
    }

    var traceparent: String { "00-\(trace)-\(span)-0\(isSampled ? 1 : 0)" }
}

/// The key of the current span's identity in a service context.
enum TraceIdentityKey: ServiceContextKey {
    typealias Value = TraceIdentity
}

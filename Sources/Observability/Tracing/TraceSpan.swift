import Synchronization
import Tracing

/// One span, which goes to its tracer when it ends.
package final class TraceSpan: Span {
    /// What was noted of it.
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

    /// Not kept: the log has what happens within a span.
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
            // The second end of a span is none.
            guard record.end == 0 else { return nil }
            record.end = max(time, record.begin)
            return record
        }
        if let record { ended(record) }
    }
}

/// Which span of which trace, and whether the trace is kept.
package struct TraceIdentity: Sendable, Equatable {
    /// 32 hex digits.
    var trace: String
    /// 16 hex digits.
    var span: String
    var isSampled: Bool

    init(trace: String, span: String, isSampled: Bool) {
        self.trace = trace
        self.span = span
        self.isSampled = isSampled
    }

    /// Reads W3C trace context, of which a message's decoder has seen that it is one.
    init?(traceparent: String) {
        let parts = traceparent.split(separator: "-")
        guard parts.count >= 4, parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        self.init(trace: String(parts[1]), span: String(parts[2]), isSampled: flags & 1 == 1)
    }

    var traceparent: String { "00-\(trace)-\(span)-0\(isSampled ? 1 : 0)" }
}

/// Where the identity of the current span is kept.
enum TraceIdentityKey: ServiceContextKey {
    typealias Value = TraceIdentity
}

import DockerPort
import JobContract
import Primitives
import RuntimeCore
import Tracing

/// The spans of an attempt. Without a tracer the attempt has no spans and no cost.
struct JobTrace: Sendable {
    private let tracer: (any Tracer)?
    private let span: (any Span)?

    /// A trace without spans.
    static let none = JobTrace(tracer: nil, span: nil)

    private init(tracer: (any Tracer)?, span: (any Span)?) {
        self.tracer = tracer
        self.span = span
    }

    /// Begins the span of the attempt and records the job's wait in the queue. If the message names a parent span of
    /// the producer, the attempt becomes its child.
    static func begin(_ job: Job, attempt: Int, _ tracer: (any Tracer)?) -> JobTrace {
        guard let tracer else { return .none }
        var context = ServiceContext.topLevel
        if let traceparent = job.traceparent {
            tracer.extract(["traceparent": traceparent], into: &context, using: FieldExtractor())
        }
        let span = tracer.startSpan("\(job.kind.rawValue) game", context: context, ofKind: .consumer)
        span.attributes["rtm.job_id"] = job.id.text
        span.attributes["rtm.game_id"] = job.gameID.text
        span.attributes["rtm.kind"] = job.kind.rawValue
        span.attributes["rtm.attempt"] = attempt
        let trace = JobTrace(tracer: tracer, span: span)
        if let pushed = job.enqueuedAt.flatMap({ Timestamp(rfc3339: $0) }) {
            // A producer may write any time, also a time before 1970.
            let instant = SpanInstant(nanosecondsSinceEpoch: UInt64(max(0, pushed.nanosecondsSinceEpoch)))
            let wait = tracer.startSpan(
                "queue wait",
                context: span.context,
                ofKind: .internal,
                at: instant,
                function: #function,
                file: #fileID,
                line: #line
            )
            wait.end()
        }
        return trace
    }

    /// Runs `body`, with a span for each step of the Docker Engine's adapter.
    func observed<R: Sendable, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R {
        guard span != nil else { return try await body() }
        let observer = StepObserver { step in
            let child = child(step, .client)
            return { child?.end() }
        }
        // `withValue` does not support typed errors.
        let result: Result<R, E> = await StepObserver.$current.withValue(observer) {
            do throws(E) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Runs `body` in a child span.
    func part<R, E: Error>(
        _ name: String,
        _ kind: SpanKind = .internal,
        _ body: () async throws(E) -> R
    ) async throws(E) -> R {
        guard let child = child(name, kind) else { return try await body() }
        defer { child.end() }
        do {
            return try await body()
        } catch {
            child.setStatus(SpanStatus(code: .error, message: "\(error)"))
            throw error
        }
    }

    /// Records the ending of the job.
    func note(_ ending: JobEnding) {
        guard let span else { return }
        span.attributes["rtm.outcome"] = ending.outcome.rawValue
        span.attributes["rtm.effect"] = ending.effect.rawValue
        guard let code = ending.errorCode else { return }
        span.attributes["rtm.error_code"] = code.rawValue
        span.setStatus(SpanStatus(code: .error, message: ending.error))
    }

    /// Records a failed attempt before another attempt.
    func note(_ failure: JobFailure) {
        guard let span else { return }
        span.attributes["rtm.error_code"] = failure.code.rawValue
        span.setStatus(SpanStatus(code: .error, message: failure.message))
    }

    func end() { span?.end() }

    private func child(_ name: String, _ kind: SpanKind) -> (any Span)? {
        guard let tracer, let span else { return nil }
        return tracer.startSpan(name, context: span.context, ofKind: kind)
    }
}

/// An instant of the wall clock in the form of tracers.
private struct SpanInstant: TracerInstant {
    let nanosecondsSinceEpoch: UInt64

    static func < (left: SpanInstant, right: SpanInstant) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}

/// Reads fields of a message.
private struct FieldExtractor: Extractor {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}

import DockerPort
import JobContract
import Primitives
import RuntimeCore
import Tracing

/// The spans of one attempt at a job. Without a tracer there are none, and nothing is done for them.
struct JobTrace: Sendable {
    private let tracer: (any Tracer)?
    private let span: (any Span)?

    /// No spans.
    static let none = JobTrace(tracer: nil, span: nil)

    private init(tracer: (any Tracer)?, span: (any Span)?) {
        self.tracer = tracer
        self.span = span
    }

    /// Begins the span of the attempt, below the producer's where the message names one, and tells how long the job has
    /// waited.
    static func begin(_ job: Job, attempt: Int, _ tracer: (any Tracer)?) -> JobTrace {
        guard let tracer else { return .none }
        var context = ServiceContext.topLevel
        if let traceparent = job.traceparent {
            tracer.extract(["traceparent": traceparent], into: &context, using: FieldExtractor())
        }
        let span = tracer.startSpan("\(job.kind.rawValue) game", context: context, ofKind: .consumer)
        span.attributes["rtm.job_id"] = job.id
        span.attributes["rtm.game_id"] = job.gameID
        span.attributes["rtm.kind"] = job.kind.rawValue
        span.attributes["rtm.attempt"] = attempt
        let trace = JobTrace(tracer: tracer, span: span)
        if let pushed = job.enqueuedAt.flatMap({ Timestamp(rfc3339: $0) }) {
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

    /// Runs what the adapter of the Engine makes spans of its steps in.
    func observed<R: Sendable, E: Error>(_ body: () async throws(E) -> R) async throws(E) -> R {
        guard span != nil else { return try await body() }
        let observer = StepObserver { step in
            let child = child(step, .client)
            return { child?.end() }
        }
        // A task-local value takes no typed errors.
        let result: Result<R, E> = await StepObserver.$current.withValue(observer) {
            do throws(E) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// A part of the attempt.
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

    /// Says how the job has ended.
    func note(_ ending: JobEnding) {
        guard let span else { return }
        span.attributes["rtm.outcome"] = ending.outcome.rawValue
        span.attributes["rtm.effect"] = ending.effect.rawValue
        guard let code = ending.errorCode else { return }
        span.attributes["rtm.error_code"] = code.rawValue
        span.setStatus(SpanStatus(code: .error, message: ending.error))
    }

    /// Says that the attempt has failed, and that there will be another.
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

/// A point of the wall clock, as tracers want it.
private struct SpanInstant: TracerInstant {
    let nanosecondsSinceEpoch: UInt64

    static func < (left: SpanInstant, right: SpanInstant) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}

/// Finds fields of a message.
private struct FieldExtractor: Extractor {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}

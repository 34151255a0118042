import JobContract
import Metrics
import Primitives

/// The metrics of a worker. Names and labels are few and known; no producer can add any.
package enum RuntimeMetrics {
    /// Records whether the node's Docker Engine answers.
    package static func engine(isUp: Bool) { Gauge(label: "rtm_docker_up").record(isUp ? 1 : 0) }

    /// The label of a job whose message is no valid job any more.
    static let unknownKind = "unknown"

    static func running(_ count: Int) { Gauge(label: "rtm_jobs_running").record(count) }

    static func ended(_ kind: JobKind?, _ ending: JobEnding, after time: Duration) {
        let kind = kind?.rawValue ?? unknownKind
        Counter(
            label: "rtm_jobs_ended_total",
            dimensions: [
                ("kind", kind), ("outcome", ending.outcome.rawValue), ("code", ending.errorCode?.rawValue ?? ""),
            ]
        ).increment()
        Timer(label: "rtm_job_seconds", dimensions: [("kind", kind)]).recordNanoseconds(time.nanoseconds)
    }

    /// Records the time from a job's push to its first attempt, if the producer wrote the push time.
    static func waited(_ time: Duration, in queue: String) {
        Timer(label: "rtm_queue_wait_seconds", dimensions: [("queue", queue)])
            .recordNanoseconds(max(.zero, time).nanoseconds)
    }

    static func retried(_ code: ErrorCode) {
        Counter(label: "rtm_job_retries_total", dimensions: [("code", code.rawValue)]).increment()
    }

    static func givenBack() { Counter(label: "rtm_jobs_given_back_total").increment() }

    static func leaseLost() { Counter(label: "rtm_leases_lost_total").increment() }

    /// What becomes of the job of a dead worker.
    enum Reclaim: String, CaseIterable {
        case runAgain = "run_again"
        case givenUp = "given_up"
    }

    static func reclaimed(_ count: Int, poisoned: Int) {
        for (then, count) in [(Reclaim.runAgain, count), (.givenUp, poisoned)] {
            Counter(label: "rtm_jobs_reclaimed_total", dimensions: [("then", then.rawValue)]).increment(by: count)
        }
    }

    static func rejected(_ code: ErrorCode) {
        Counter(label: "rtm_messages_rejected_total", dimensions: [("code", code.rawValue)]).increment()
    }

    static func traceparentIgnored() { Counter(label: "rtm_traceparents_ignored_total").increment() }

    /// A loop of the worker that calls Redis.
    enum RedisLoop: String, CaseIterable {
        case consume, take, sweep, liveness, heartbeat
    }

    static func redisFailed(in loop: RedisLoop) {
        Counter(label: "rtm_redis_errors_total", dimensions: [("loop", loop.rawValue)]).increment()
    }

    static func keyProblems(_ count: Int) { Gauge(label: "rtm_redis_key_problems").record(count) }

    static func memory(isFull: Bool) { Gauge(label: "rtm_redis_memory_full").record(isFull ? 1 : 0) }
}

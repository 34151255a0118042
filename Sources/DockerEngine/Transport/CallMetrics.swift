import DockerPort
import Metrics

/// The metrics of calls to the Docker Engine. The names of the operations are the only labels.
package enum CallMetrics {
    /// Creates every counter with the value 0: Prometheus sees no increase in the first value of a counter.
    package static func begin(factory: any MetricsFactory = MetricsSystem.factory) {
        for operation in EngineOperation.allCases {
            let dimensions = [("operation", operation.rawValue)]
            Counter(label: "rtm_docker_call_errors_total", dimensions: dimensions, factory: factory).increment(by: 0)
            _ = Timer(label: "rtm_docker_call_seconds", dimensions: dimensions, factory: factory)
        }
    }

    /// Records the answer to a call.
    static func answered(_ operation: EngineOperation, status: Int, since begin: ContinuousClock.Instant) {
        let dimensions = [("operation", operation.rawValue)]
        Timer(label: "rtm_docker_call_seconds", dimensions: dimensions).record(duration: begin.duration(to: .now))
        if status >= 500 { failed(operation) }
    }

    /// Records a call without an answer. A call that its caller has cancelled is no failure.
    static func failed(_ operation: EngineOperation, _ error: DockerError) {
        if error.code != .cancelled { failed(operation) }
    }

    private static func failed(_ operation: EngineOperation) {
        Counter(label: "rtm_docker_call_errors_total", dimensions: [("operation", operation.rawValue)]).increment()
    }
}

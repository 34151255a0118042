import DockerPort
import JobContract
import Testing

@testable import RuntimeCore

@Suite("A job's failure after a failed call to the Docker Engine")
struct JobFailureTests {
    typealias Row = (DockerError.Code, ErrorCode, RetryPace)

    /// Every code of the port, with the code and the pace of the job's failure.
    static let rows: [Row] = [
        (.networkMissing, .networkMissing, .usual), (.networkAmbiguous, .dockerError, .usual),
        (.imageNotFound, .imageNotFound, .usual), (.imageAuthentication, .imagePullFailed, .patient),
        (.rateLimited, .imagePullFailed, .patient), (.pullFailed, .imagePullFailed, .patient),
        (.containerNotFound, .containerNotFound, .usual), (.containerNotRunning, .dockerError, .usual),
        (.nameConflict, .nameConflict, .brisk), (.invalidSpec, .invalidSpec, .usual),
        (.invalidMount, .mountNotAllowed, .usual), (.startFailed, .startFailed, .usual),
        (.unavailable, .dockerUnavailable, .usual), (.timeout, .timeout, .usual),
        (.engineError, .dockerError, .usual), (.invalidAnswer, .dockerError, .usual),
        (.cancelled, .dockerError, .usual), (.portTaken, .dockerError, .usual),
    ]

    @Test("has a row for every code of the port")
    func complete() {
        #expect(Set(Self.rows.map(\.0)) == Set(DockerError.Code.allCases))
        #expect(Self.rows.count == DockerError.Code.allCases.count)
    }

    @Test("has the code and the pace of the table", arguments: rows)
    func codes(code: DockerError.Code, expected: ErrorCode, pace: RetryPace) {
        let failure = JobFailure(DockerError(code, operation: "run", message: "x"))
        #expect(failure.code == expected)
        #expect(failure.pace == pace)
    }

    @Test("keeps the facts of the call", arguments: DockerError.Code.allCases)
    func facts(code: DockerError.Code) {
        for fact in [true, false] {
            let error = DockerError(
                code,
                operation: "run",
                message: "the message",
                retryable: !fact,
                mayHaveHappened: fact,
                detail: fact ? "the detail" : nil
            )
            let failure = JobFailure(error)
            #expect(failure.message == "the message")
            #expect(failure.detail == error.detail)
            #expect(failure.retryable == !fact)
            // A container without an answer keeps the mark of its lane until somebody has looked.
            #expect(failure.mayHaveLeft == fact)
            #expect(failure.mayBeOutage == (code == .unavailable || code == .timeout))
        }
    }

    @Test("waits longer for a registry, and shorter for a removal")
    func paces() {
        let policy = RetryPolicy(base: .seconds(4), cap: .seconds(60))
        func pause(_ code: DockerError.Code) -> Disposition {
            policy.disposition(
                of: JobFailure(DockerError(code, operation: "run", message: "x", retryable: true)),
                isEngineAway: false,
                attempt: 1,
                maximumAttempts: 2,
                random: 1
            )
        }
        #expect(pause(.nameConflict) == .retry(after: .seconds(1)))
        #expect(pause(.timeout) == .retry(after: .seconds(4)))
        #expect(pause(.rateLimited) == .retry(after: .seconds(12)))
    }
}

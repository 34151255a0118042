import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Retries")
struct RetryTests {
    private let policy = RetryPolicy(base: .seconds(1), cap: .seconds(60))

    @Test("pauses grow to the cap with full jitter")
    func pauses() {
        #expect(policy.pause(attempt: 1, random: 1) == .seconds(1))
        #expect(policy.pause(attempt: 4, random: 0.5) == .seconds(4))
        #expect(policy.pause(attempt: 20, random: 1) == .seconds(60))
        #expect(policy.pause(attempt: 1_000, random: 1) == .seconds(60))
        #expect(policy.pause(attempt: 5, random: 0) == .zero)
    }

    @Test("only a transient failure is retried, and an outage of Docker uses up no attempt")
    func dispositions() {
        func of(_ code: ErrorCode, retryable: Bool, attempt: Int, isAway: Bool = false) -> Disposition {
            policy.disposition(
                of: JobFailure(code, "x", retryable: retryable, mayBeOutage: code == .dockerUnavailable),
                isEngineAway: isAway,
                attempt: attempt,
                maximumAttempts: 3,
                random: 1
            )
        }
        #expect(of(.timeout, retryable: true, attempt: 1) == .retry(after: .seconds(1)))
        #expect(of(.timeout, retryable: true, attempt: 3) == .end(.failed(.timeout, "x")))
        #expect(of(.imageNotFound, retryable: false, attempt: 1) == .end(.failed(.imageNotFound, "x")))
        #expect(of(.dockerUnavailable, retryable: true, attempt: 3, isAway: true) == .release)
        #expect(of(.timeout, retryable: true, attempt: 3, isAway: true) == .end(.failed(.timeout, "x")))
    }

    @Test("a request without an answer uses up an attempt if Docker answers other requests")
    func notAway() {
        func of(_ error: DockerError, attempt: Int) -> Disposition {
            policy.disposition(
                of: JobFailure(error),
                isEngineAway: false,
                attempt: attempt,
                maximumAttempts: 3,
                random: 1
            )
        }
        let refused = DockerError(.unavailable, operation: "run", message: "x", status: 503, retryable: true)
        #expect(of(refused, attempt: 1) == .retry(after: .seconds(1)))
        #expect(of(refused, attempt: 3) == .end(.failed(.dockerUnavailable, "x")))
    }

    @Test("the failure's retryable flag decides, whatever its code", arguments: DockerError.Code.allCases)
    func retryable(code: DockerError.Code) {
        for retryable in [true, false] {
            let failure = JobFailure(DockerError(code, operation: "run", message: "x", retryable: retryable))
            let disposition = policy.disposition(
                of: failure,
                isEngineAway: false,
                attempt: 1,
                maximumAttempts: 2,
                random: 0
            )
            #expect(disposition == (retryable ? .retry(after: .zero) : .end(.failed(failure.code, "x"))))
        }
    }

    @Test("a failed job names the container that remains")
    func stays() {
        let failure = JobFailure(.startFailed, "x", detail: "foreign", container: .init(id: "c", name: "n"))
        let disposition = policy.disposition(
            of: failure,
            isEngineAway: false,
            attempt: 1,
            maximumAttempts: 5,
            random: 1
        )
        var expected = JobEnding.failed(.startFailed, "x")
        expected.containerID = "c"
        expected.containerName = "n"
        #expect(disposition == .end(expected))
    }
}

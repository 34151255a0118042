import DockerPort
import JobContract
import Primitives

extension JobFailure {
    /// Creates the job's failure from the failure of a Docker call.
    package init(_ error: DockerError) {
        let code: ErrorCode =
            switch error.code {
            case .networkMissing: .networkMissing
            case .imageNotFound: .imageNotFound
            case .imageAuthentication, .rateLimited, .pullFailed: .imagePullFailed
            case .containerNotFound: .containerNotFound
            case .nameConflict: .nameConflict
            case .invalidSpec: .invalidSpec
            case .invalidMount: .mountNotAllowed
            case .startFailed: .startFailed
            case .unavailable: .dockerUnavailable
            case .timeout: .timeout
            case .networkAmbiguous, .containerNotRunning, .engineError, .invalidAnswer, .cancelled, .portTaken:
                .dockerError
            }
        let pace: RetryPace =
            switch error.code {
            case .rateLimited, .pullFailed, .imageAuthentication: .patient
            case .nameConflict: .brisk
            default: .usual
            }
        self.init(
            code,
            error.message,
            retryable: error.retryable,
            pace: pace,
            mayHaveLeft: error.mayHaveHappened,
            mayBeOutage: error.code == .unavailable || error.code == .timeout,
            detail: error.detail
        )
    }
}

extension JobFailure {
    /// The ending of a job with this failure.
    package var ending: JobEnding {
        var ending = JobEnding.failed(code, message)
        ending.containerID = container?.id
        ending.containerName = container?.name
        return ending
    }
}

/// How long a job waits before the next attempt.
package enum RetryPace: Sendable {
    /// The cause passes within moments, for example the removal of a container.
    case brisk
    case usual
    /// The cause is a shared service and needs time to recover, for example a registry.
    case patient

    /// The factor for the policy's pauses.
    var factor: Double {
        switch self {
        case .brisk: 0.25
        case .usual: 1
        case .patient: 3
        }
    }
}

/// The next step of a job after a failure.
package enum Disposition: Sendable, Equatable {
    /// End the job.
    case end(JobEnding)
    /// Try again after a pause.
    case retry(after: Duration)
    /// Give the job back without using up an attempt, because the job did not cause the failure.
    case release
}

/// Exponential back-off with full jitter. Because of the jitter, jobs with a common failure return at different times.
package struct RetryPolicy: Sendable, Equatable {
    /// Longest pause before the second attempt.
    package var base: Duration
    /// Longest pause before any attempt.
    package var cap: Duration

    package init(base: Duration = .seconds(1), cap: Duration = .seconds(60)) {
        self.base = base
        self.cap = cap
    }

    /// Returns the next step after a failed attempt. No other code decides about another attempt.
    ///
    /// - Parameters:
    ///   - isEngineAway: Whether the Docker Engine did not answer a check after the failure. A Docker Engine with a
    ///     single failed call or broken connection is not away.
    ///   - attempt: The number of attempts so far, including this attempt.
    ///   - random: 0 to 1, evenly distributed.
    package func disposition(
        of failure: JobFailure,
        isEngineAway: Bool,
        attempt: Int,
        maximumAttempts: Int,
        random: Double
    ) -> Disposition {
        if failure.mayBeOutage, isEngineAway { return .release }
        guard failure.retryable, attempt < maximumAttempts else { return .end(failure.ending) }
        return .retry(after: pause(attempt: attempt, pace: failure.pace, random: random))
    }

    /// Returns the pause after attempt `attempt`.
    ///
    /// The pause is random between zero and a bound. The bound is `base`, doubled with each attempt up to `cap`, then
    /// multiplied by the factor of `pace`.
    package func pause(attempt: Int, pace: RetryPace = .usual, random: Double) -> Duration {
        Backoff(base: base, cap: cap).longestDelay(attempt: attempt - 1) * (random * pace.factor)
    }
}

import DockerPort
import JobContract

extension JobFailure {
    /// What a failed Docker call means for the job that made it.
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
            case .networkAmbiguous, .containerNotRunning, .engineError, .invalidAnswer, .cancelled: .dockerError
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
            mayBeOutage: error.code == .unavailable,
            detail: error.detail
        )
    }
}

extension JobFailure {
    /// How a job ends with this failure.
    package var ending: JobEnding {
        var ending = JobEnding.failed(code, message)
        ending.containerID = container?.id
        ending.containerName = container?.name
        return ending
    }
}

/// How long to leave alone what has failed.
package enum RetryPace: Sendable {
    /// What passes in a moment: a container that is being removed.
    case brisk
    case usual
    /// What others share and mend: a registry.
    case patient

    /// What the policy's pauses are multiplied with.
    var factor: Double {
        switch self {
        case .brisk: 0.25
        case .usual: 1
        case .patient: 3
        }
    }
}

/// How a job goes on after a failure.
package enum Disposition: Sendable, Equatable {
    /// The job ends.
    case end(JobEnding)
    /// Another try, after a pause.
    case retry(after: Duration)
    /// Given back without burning an attempt: it is not the job's fault.
    case release
}

/// Exponential back-off with full jitter, so that jobs that failed together do not come back together.
package struct RetryPolicy: Sendable, Equatable {
    /// Longest pause before the second attempt.
    package var base: Duration
    /// Longest pause before any attempt.
    package var cap: Duration

    package init(base: Duration = .seconds(1), cap: Duration = .seconds(60)) {
        self.base = base
        self.cap = cap
    }

    /// What becomes of a job whose attempt failed. The one place that decides on another try, by what the failure says.
    ///
    /// - Parameters:
    ///   - isEngineAway: whether the Engine did not answer when it was asked after the failure. An Engine that answers
    ///     one call with an error, or breaks one connection off, is not away.
    ///   - attempt: how often the job has been begun, this time included.
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

    /// Pause after attempt `attempt`: from nothing to `base` doubled with each attempt, at most `cap`, both at `pace`.
    package func pause(attempt: Int, pace: RetryPace = .usual, random: Double) -> Duration {
        let doublings = min(max(attempt - 1, 0), 30)
        return min(base * (1 << doublings), cap) * (random * pace.factor)
    }
}

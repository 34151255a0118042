import DockerPort
import JobContract
import JobQueue
import Primitives
import RuntimeCore

/// Stops over several attempts. The Docker Engine continues a stop after the worker's death, so the final attempt has
/// seen only a part of the stop.
extension JobRunner {
    /// Records that the job is about to stop a container. Must come before the call to the Docker Engine.
    ///
    /// - Returns: The stop request of an earlier attempt, or nil for the first attempt.
    func noteIntent(_ job: Job, toEnd id: ContainerID, timeout: Duration) async throws(JobFailure) -> StopIntent? {
        let intent = StopIntent(jobID: job.id, askedAt: MonotonicClock.wallNow, timeout: timeout)
        do throws(QueueError) {
            return try await queue.record(.asked(jobID: job.id, intent: intent.encoded), of: id)
                .flatMap { StopIntent(encoded: $0) }
        } catch {
            throw JobFailure(.internal, "the intent to stop could not be recorded: \(error)", retryable: true)
        }
    }

    /// Returns the result of a stop, including the effect of an earlier attempt's stop request.
    func judged(_ outcome: StopOutcome, of id: ContainerID, _ earlier: StopIntent?) async -> StopOutcome {
        guard let earlier, !outcome.forced, let container = try? await docker.inspectContainer(id.text),
            let exit = ExitFacts(of: container), earlier.explains(exit)
        else { return outcome }
        return StopOutcome(forced: earlier.wasForced(exit))
    }

    /// Returns the result of a stop begun by an earlier attempt of this job. Returns nil without such a stop, or if the
    /// container ended before the request.
    func earlierStop(of container: ContainerInspect, by job: Job) async throws(JobFailure) -> StopOutcome? {
        guard let exit = ExitFacts(of: container) else { return nil }
        let intent: StopIntent?
        do throws(QueueError) {
            intent = try await queue.intent(ofJob: job.id, toEnd: container.id).flatMap { StopIntent(encoded: $0) }
        } catch {
            throw JobFailure(.internal, "Redis does not say whether the stop had begun: \(error)", retryable: true)
        }
        guard let intent, intent.explains(exit) else { return nil }
        let outcome = StopOutcome(forced: intent.wasForced(exit))
        await recordStopResult(outcome, of: container.id)
        return outcome
    }
}

import DockerPort
import JobContract
import JobQueue
import RuntimeCore

/// A stop whose worker dies goes on at the Engine, so the attempt that finishes it has not seen all of it.
extension JobRunner {
    /// Records that the job asks for the end of a container, before the Engine is told.
    ///
    /// - Returns: what an attempt before had said; nil: this is the first.
    func noteIntent(_ job: Job, toEnd id: String, timeout: Duration) async throws(JobFailure) -> StopIntent? {
        let intent = StopIntent(jobID: job.id, askedAt: MonotonicClock.wallNow, timeout: timeout)
        do throws(QueueError) {
            return try await queue.tell(.asked(jobID: job.id, intent: intent.encoded), of: id)
                .flatMap { StopIntent(encoded: $0) }
        } catch {
            throw JobFailure(.internal, "the intent to stop could not be recorded: \(error)", retryable: true)
        }
    }

    /// What a stop came to, with what an attempt before had begun.
    func judged(_ outcome: StopOutcome, of id: String, _ earlier: StopIntent?) async -> StopOutcome {
        guard let earlier, !outcome.forced, let container = try? await docker.inspectContainer(id),
            let exit = ExitFacts(of: container), earlier.explains(exit)
        else { return outcome }
        return StopOutcome(forced: earlier.wasForced(exit))
    }

    /// How the container ended, if an attempt of this very job before had asked for that; nil: nobody had, or it ended
    /// before.
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
        await tellVerdict(outcome, of: container.id)
        return outcome
    }
}

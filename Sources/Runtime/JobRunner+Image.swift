import DockerPort
import JobContract
import Logging
import RuntimeCore
import Tracing

extension JobRunner {
    /// How often a start goes by another look at its image.
    private static let mostLooksAtImage = 3

    /// What was seen of the job's image a short while ago, where the job may go by that.
    func recentImage(of job: Job) -> ImageInspect? {
        guard job.pullPolicy != PullPolicy.always.rawValue, let image = job.image?.description else { return nil }
        return images.known(image)
    }

    /// How a start has ended, and what it has gone by.
    typealias Begun = (ending: JobEnding, prepared: PreparedStart)

    /// Runs `body` to start a container. Where it fails, leaves nothing, and its image has become another since it was
    /// seen, it is run again by a new look.
    ///
    /// - Parameters:
    ///   - known: what is known of the image; nil: nothing yet.
    ///   - body: is given what is known, and leaves there what it has gone by.
    func untilImageStays(
        knowing known: ImageInspect?,
        _ body: (inout ImageInspect?) async throws(JobFailure) -> Begun
    ) async throws(JobFailure) -> Begun {
        var image = known
        for _ in 1..<Self.mostLooksAtImage {
            let outcome: Result<Begun, JobFailure>
            do throws(JobFailure) {
                outcome = .success(try await body(&image))
            } catch {
                outcome = .failure(error)
            }
            guard Self.leavesNothing(outcome), let seen = image, await isOutdated(seen) else {
                return try outcome.get()
            }
            logger.info("the image has become another; looking at it again", metadata: ["image": "\(seen.ref)"])
            image = nil
        }
        return try await body(&image)
    }

    /// Whether a start has failed, for a reason that may be its image's, and no container of it is left to be seen.
    private static func leavesNothing(_ outcome: Result<Begun, JobFailure>) -> Bool {
        switch outcome {
        case .success((let ending, _)): ending.outcome == .failed && ending.containerID == nil
        case .failure(let failure): failure.code != .dockerUnavailable && failure.code != .timeout
        }
    }

    /// Whether a look at the image shows another than what was `seen` of it, or none.
    private func isOutdated(_ seen: ImageInspect) async -> Bool {
        images.forget(seen.ref)
        do throws(DockerError) {
            return images.seen(try await docker.inspectImage(seen.ref)) != seen
        } catch {
            return error.code == .imageNotFound
        }
    }

    /// The image, pulled as the policy says.
    func presentImage(_ image: String, _ policy: PullPolicy) async throws(JobFailure) -> ImageInspect {
        if policy != .always {
            do throws(DockerError) {
                return images.seen(try await docker.inspectImage(image))
            } catch {
                guard error.code == .imageNotFound, policy == .ifMissing else { throw JobFailure(error) }
            }
        }
        logger.info("pulling the image", metadata: ["image": "\(image)"])
        let report = PullReport(logger: logger)
        progress.show(JobProgress(.pulling))
        return try await call { () throws(DockerError) in
            try await trace.part("pull", .client) { () throws(DockerError) in
                try await docker.pullImage(image, policy: policy) { [progress] pull in
                    report.tell(pull)
                    progress.show(JobProgress(pull))
                }
            }
            return images.seen(try await docker.inspectImage(image))
        }
    }
}

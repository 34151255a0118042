import DockerPort
import JobContract
import Logging
import RuntimeCore
import Tracing

extension JobRunner {
    /// How often a start goes by another look at its image.
    private static let mostLooksAtImage = 3
    /// A pull that takes longer waits for its registry, and needs no permit.
    private static let shortPull = Duration.seconds(1)

    /// What was seen of the job's image a short while ago, where the job may go by that.
    func recentImage(of job: Job) -> ImageInspect? {
        guard job.pullPolicy != PullPolicy.always.rawValue, let image = job.image?.description else { return nil }
        return images.known(image)
    }

    /// Starts a container by `launch`, and waits until it is ready. Where the start fails, leaves nothing, and its image
    /// has become another since it was seen, it is made again by a new look.
    ///
    /// - Parameter known: what is known of the image; nil: nothing yet.
    func begin(
        _ job: Job,
        knowing known: ImageInspect?,
        _ launch: (PreparedStart) async throws(JobFailure) -> JobEnding
    ) async throws(JobFailure) -> JobEnding {
        var image = known
        var looks = 0
        while true {
            looks += 1
            let outcome: Result<(ending: JobEnding, prepared: PreparedStart), JobFailure>
            do throws(JobFailure) {
                let prepared = try await prepare(job, knowing: &image)
                outcome = .success((try await launch(prepared), prepared))
            } catch {
                outcome = .failure(error)
            }
            guard looks < Self.mostLooksAtImage, Self.leavesNothing(outcome.map(\.ending)), let seen = image,
                await isOutdated(seen)
            else {
                let begun = try outcome.get()
                try await requireSettled(begun.ending, job)
                return try await whenReady(begun.ending, job, begun.prepared)
            }
            logger.info("the image has become another; looking at it again", metadata: ["image": "\(seen.ref)"])
            image = nil
        }
    }

    /// Whether a start has failed, for a reason that may be its image's, and no container of it is left to be seen.
    private static func leavesNothing(_ outcome: Result<JobEnding, JobFailure>) -> Bool {
        switch outcome {
        case .success(let ending): ending.outcome == .failed && ending.containerID == nil
        case .failure(let failure): failure.container == nil && !failure.mayBeOutage && failure.code != .timeout
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
                // A registry that never answers would keep the permits of all starts.
                try await place.lent(after: Self.shortPull) { [docker, progress] () throws(DockerError) in
                    try await docker.pullImage(image, policy: policy) { pull in
                        report.tell(pull)
                        progress.show(JobProgress(pull))
                    }
                }
            }
            return images.seen(try await docker.inspectImage(image))
        }
    }
}

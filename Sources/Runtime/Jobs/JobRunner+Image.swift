import DockerPort
import JobContract
import Logging
import Primitives
import RuntimeCore
import Tracing

extension JobRunner {
    /// Largest number of tries of a start whose image keeps changing.
    private static let mostLooksAtImage = 3

    /// Returns a recent inspection of the job's image, if the job may use a recent inspection.
    func recentImage(of job: Job) -> ImageInspect? {
        guard job.pullPolicy != PullPolicy.always.rawValue, let image = job.image?.description else { return nil }
        return images.known(image)
    }

    /// Starts a container with `launch`, and waits until the container is ready.
    ///
    /// If the start fails without a container and the image has changed since its inspection, the start is repeated
    /// with a new inspection.
    ///
    /// - Parameter known: The inspection of the image, or nil to inspect the image first.
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
            logger.info("the image changed; inspecting it again", metadata: ["image": "\(seen.ref)"])
            image = nil
        }
    }

    /// Returns whether a start failed without a container, for a reason possibly caused by its image.
    private static func leavesNothing(_ outcome: Result<JobEnding, JobFailure>) -> Bool {
        switch outcome {
        case .success(let ending): ending.outcome == .failed && ending.containerID == nil
        case .failure(let failure):
            failure.container == nil && !failure.mayBeOutage && !failure.isGivenBack
        }
    }

    /// Returns whether a new inspection of the image differs from `seen`, or finds no image.
    private func isOutdated(_ seen: ImageInspect) async -> Bool {
        images.forget(seen.ref)
        do throws(DockerError) {
            return images.seen(try await docker.inspectImage(seen.ref)) != seen
        } catch {
            return error.code == .imageNotFound
        }
    }

    /// Returns the inspection of the image, pulled if the policy requires a pull.
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
                // The pull gives up its permit for the wait: a silent registry would otherwise block the permits of all
                // starts.
                try await permit.lent { [docker, progress] () throws(DockerError) in
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

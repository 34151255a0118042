import DockerPort
import JobContract
import JobQueue
import RuntimeCore

extension JobRunner {
    /// Restarts the game: pull, stop, remove and start in a single job. Stops nothing before everything for the start
    /// is ready.
    ///
    /// - Parameter job: The job, with the missing values of the game's last successful start.
    func restart(_ job: Job) async throws(JobFailure) -> JobEnding {
        guard job.image != nil else {
            return .failed(
                .containerNotFound,
                "game \(job.gameID) was never started here, so there is nothing to restart; give an image"
            )
        }
        // An earlier inspection of the image is not enough. The image may be gone, and the running container is stopped
        // first.
        return try await begin(job, knowing: nil) { prepared async throws(JobFailure) in
            let spec = prepared.spec
            // Before the running container is stopped.
            try await reserve(for: spec)
            return try await launch(prepared) { name async throws(JobFailure) in
                try await makeWay(for: job, spec, named: name)
            }
        }
    }

    /// Checks again that the image and the network are on the Docker Engine. A pull may have taken minutes since the
    /// first check. If the start cannot succeed, the running container must not be stopped.
    func requireSeenNow(_ spec: RunSpec) async throws(JobFailure) {
        try await call { () throws(DockerError) in
            try await docker.ensureNetworkNow(spec.network)
            let image = try await docker.inspectImage(spec.image)
            guard spec.imageID == nil || image.id == spec.imageID else {
                throw DockerError(
                    .startFailed,
                    operation: "run",
                    message: "\(spec.image) became another image before the game was stopped",
                    retryable: true
                )
            }
        }
    }

    /// Removes the containers of an obsolete job's earlier attempts.
    func undo(_ job: Job) async throws(JobFailure) -> JobEnding {
        for container in try await made(by: job) {
            if container.isRunning { _ = try await stop(container.id, job, timeout: .zero) }
            try await discard(container.id)
        }
        return Self.superseded
    }

    /// Ends a start after too many dead workers. Removes the start's container unless the container has exited. An
    /// exited container stays for its logs.
    func giveUp(_ job: Job) async throws(JobFailure) -> JobEnding {
        try await undoUnlessExited(job)
        return poisoned
    }

    /// Removes the job's containers if a container runs or never ran.
    private func undoUnlessExited(_ job: Job) async throws(JobFailure) {
        guard try await made(by: job).contains(where: \.isRemains) else { return }
        _ = try await undo(job)
    }

    /// Returns the containers made by this job, in this attempt or an earlier attempt.
    private func made(by job: Job) async throws(JobFailure) -> [ContainerInspect] {
        try await call { () throws(DockerError) in
            try await ownership.containers(of: job.gameID).filter { $0.jobID == job.id }.map(\.inspect)
        }
    }

    /// Removes the containers of a start after its last attempt, if a container runs or never ran. An exited container
    /// stays for its logs. Returns whether the removal succeeded.
    func clearAway(_ job: Job) async -> Bool {
        var backoff = LoopBackoff()
        for _ in 0..<Self.triesToClearAway {
            do throws(JobFailure) {
                try await undoUnlessExited(job)
                return true
            } catch {
                guard ChangePermit.isGranted(), !Task.isCancelled else { return false }
                await backoff.pause()
            }
        }
        return false
    }

    private static let triesToClearAway = 6

    static let superseded = JobEnding(.superseded, error: "a later stop or remove of the game made it pointless")

    /// The same ending as in `sweep.lua`, for a poisoned job without a worker to undo the job.
    var poisoned: JobEnding {
        let deaths = queue.options.crashLimit
        return .failed(.poisoned, "its worker died \(deaths) times while it ran; it is not tried again")
    }

    /// Returns what the Docker Engine has of the job's game. Does not count a foreign container with the game's container
    /// name.
    func leftovers(of job: Job) async -> Leftovers {
        do throws(DockerError) {
            let containers = try await ownership.containers(of: job.gameID)
            return Leftovers(
                gameMayRun: containers.contains(where: \.inspect.isRemains),
                hasRemains: containers.contains { $0.jobID == job.id && $0.inspect.isRemains }
            )
        } catch {
            return .possible
        }
    }
}

/// What an attempt at a start has left on the Docker Engine.
struct Leftovers: Sendable, Equatable {
    /// Whether a container of the game runs or never ran, also one of an earlier job. A container that never ran may still
    /// start: the Docker Engine goes on with the start of a worker that has died.
    var gameMayRun: Bool
    /// Whether a container of this job runs or never ran. Such a job must not end without the removal of the container.
    var hasRemains: Bool

    /// Nobody knows what is there.
    static let possible = Leftovers(gameMayRun: true, hasRemains: true)
}

extension ContainerInspect {
    /// False for an exited container: it stays for its logs.
    fileprivate var isRemains: Bool { isRunning || startedAt == nil }
}

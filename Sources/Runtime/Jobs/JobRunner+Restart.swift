import DockerPort
import JobContract
import JobQueue
import RuntimeCore

extension JobRunner {
    /// Pull, stop, remove and start in one turn. Nothing is stopped before all that the start needs is there.
    ///
    /// - Parameter job: completed by what the game's last successful start asked for.
    func restart(_ job: Job) async throws(JobFailure) -> JobEnding {
        guard job.image != nil else {
            return .failed(
                .containerNotFound,
                "game \(job.gameID) was never started here, so there is nothing to restart; give an image"
            )
        }
        // What was seen of the image a while ago does not do: it may have gone, and what runs is stopped first.
        return try await begin(job, knowing: nil) { prepared async throws(JobFailure) in
            let spec = prepared.spec
            return try await launch(prepared) { name async throws(JobFailure) in
                try await makeWayForRestart(of: job, spec, named: name)
            }
        }
    }

    /// Stops and removes the game's container, or ends the job where that is not needed or not allowed.
    private func makeWayForRestart(
        of job: Job,
        _ spec: RunSpec,
        named name: String?
    ) async throws(JobFailure) -> JobEnding? {
        for _ in 0..<Self.longestWaitForRemoval {
            let found = try await container(of: job, named: name)
            switch decisions.restart(job, finding: found, port: spec.enginePort, isAnew: isAnew) {
            case .end(let ending): return ending
            case .run:
                // The name is taken and nobody is there: the Engine is at it.
                if name != nil { try await waitForRemoval() }
                return nil
            case .replaceRunning(let id):
                try await requireSeenNow(spec)
                _ = try await stop(id, job)
                try await discard(id)
            case .replace(let id):
                try await discard(id)
            case .wait: try await waitForRemoval()
            }
        }
        throw Self.removedForTooLong
    }

    /// Checks that what the start needs is on the Engine now: a pull may have taken minutes since it was seen, and what
    /// runs must not be stopped for a start that cannot succeed.
    private func requireSeenNow(_ spec: RunSpec) async throws(JobFailure) {
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

    /// Takes away what an attempt before made, where it made anything: the job has become pointless since.
    func undo(_ job: Job) async throws(JobFailure) -> JobEnding {
        for container in try await made(by: job) {
            if container.isRunning { _ = try await stop(container.id, job, timeout: .zero) }
            try await discard(container.id)
        }
        return Self.superseded
    }

    /// Ends a start that has killed too many workers: what it made must not run on. What has exited stays, for its logs.
    func giveUp(_ job: Job) async throws(JobFailure) -> JobEnding {
        try await undoUnlessExited(job)
        return poisoned
    }

    /// Takes away the container of this job where it runs, or never did.
    private func undoUnlessExited(_ job: Job) async throws(JobFailure) {
        guard try await made(by: job).contains(where: { $0.isRunning || $0.startedAt == nil }) else { return }
        _ = try await undo(job)
    }

    /// What this very job has made, in this attempt or one before.
    private func made(by job: Job) async throws(JobFailure) -> [ContainerInspect] {
        try await call { () throws(DockerError) in
            try await ownership.containers(of: job.gameID).filter { $0.jobID == job.id }.map(\.inspect)
        }
    }

    /// Takes away what this attempt, or one before, has left behind of a start that is given up: a container that runs,
    /// or that never did. One that has exited stays, for its logs. Answers whether nothing is left.
    func clearAway(_ job: Job) async -> Bool {
        var backoff = Backoff()
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

    /// As tick.lua ends a job that nobody undoes any more.
    var poisoned: JobEnding {
        let deaths = queue.options.crashLimit
        return .failed(.poisoned, "its worker died \(deaths) times while it ran; it is not tried again")
    }

    /// Whether a container of the game runs; true where that cannot be told. Somebody else's container of that name is
    /// none of the game.
    func gameStillRuns(_ gameID: String) async -> Bool {
        do throws(DockerError) {
            return try await ownership.containers(of: gameID).contains { $0.inspect.isRunning }
        } catch {
            return true
        }
    }
}

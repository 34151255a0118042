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
            if let ending = try await makeWay(for: job, spec) { return ending }
            return try await launch(prepared) { () async throws(JobFailure) in try await makeWay(for: job, spec) }
        }
    }

    /// Stops and removes what runs under the game's name, or ends the job where that is not needed or not allowed.
    private func makeWay(for job: Job, _ spec: RunSpec) async throws(JobFailure) -> JobEnding? {
        for _ in 0..<Self.longestWaitForRemoval {
            let container = try await container(named: spec.name)
            switch decisions.restart(job, finding: container, endpoint: spec.engineEndpoint, isAnew: isAnew) {
            case .end(let ending): return ending
            case .run: return nil
            case .replaceRunning(let id):
                _ = try await stop(id, job)
                try await discard(id)
            case .replace(let id):
                try await discard(id)
            case .wait: try await waitForRemoval()
            }
        }
        throw Self.removedForTooLong
    }

    /// Takes away what an attempt before made, where it made anything: the job has become pointless since.
    func undo(_ job: Job) async throws(JobFailure) -> JobEnding {
        let container = try await container(named: configuration.node.containerName(gameID: job.gameID))
        if let container, decisions.owns(container, gameID: job.gameID),
            container.labels[GalaxyLabel.jobID] == job.id
        {
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
        let container = try await container(named: configuration.node.containerName(gameID: job.gameID))
        guard let container, container.isRunning || container.startedAt == nil,
            container.labels[GalaxyLabel.jobID] == job.id
        else { return }
        _ = try await undo(job)
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
        do throws(JobFailure) {
            let container = try await container(named: configuration.node.containerName(gameID: gameID))
            return container.map { $0.isRunning && decisions.owns($0, gameID: gameID) } ?? false
        } catch {
            return true
        }
    }
}

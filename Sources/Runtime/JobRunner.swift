import DockerPort
import JobContract
import JobQueue
import Logging
import RuntimeCore

/// Runs one job against the Engine: the thin shell around ``RuntimeCore/ContainerDecisions``.
struct JobRunner: Sendable {
    let docker: any DockerClient
    let queue: any DeliveryQueue
    let configuration: WorkerConfiguration
    let images: RecentImages
    /// What it logs with; made only where there is something to log, which for most jobs there is not.
    let makeLogger: @Sendable () -> Logger
    /// Where the job shows what it is at.
    let progress: ProgressBoard
    /// Where its spans go.
    let trace: JobTrace

    var logger: Logger { makeLogger() }
    var decisions: ContainerDecisions { ContainerDecisions(configuration.node) }
    private var policy: Policy { Policy(configuration.node) }
    static let longestWaitForRemoval = 50
    static let removedForTooLong = JobFailure(
        .nameConflict,
        "the container of that name is being removed for too long",
        retryable: true,
        pace: .brisk
    )
    /// Whether an operator has the job run again, and this is the first attempt since.
    var isAnew = false
    /// The container that the job has started, of which its end is to tell.
    var begun = BegunNote()
    /// The job's concurrency permit, which it lends while it only waits.
    let place: Place
    /// Time that the Engine gets to pass the signal on; a stop that takes longer waits for the game to end.
    private static let signalTime = Duration.seconds(1)

    /// Runs the job to its end.
    ///
    /// - Throws: ``JobFailure`` where it could not; what was half made has been undone.
    func run(_ job: Job) async throws(JobFailure) -> JobEnding {
        switch job.kind {
        case .start: return try await start(job)
        case .stop: return try await stop(job)
        case .remove: return try await remove(job)
        case .restart: return try await restart(job)
        }
    }

    private func start(_ job: Job) async throws(JobFailure) -> JobEnding {
        try await begin(job, knowing: recentImage(of: job)) { prepared async throws(JobFailure) in
            try await launch(prepared) { () async throws(JobFailure) in try await resolveConflict(job, prepared.spec) }
        }
    }

    /// Everything that a start needs before the game's container is touched: this worker's policy, network, image, spec,
    /// state folder.
    ///
    /// - Parameter known: what the image is; nil: it is looked at, and pulled as the job says.
    func prepare(_ job: Job, knowing known: inout ImageInspect?) async throws(JobFailure) -> PreparedStart {
        // The job may have been admitted by a worker whose operator allows more, or before this one's settings changed.
        let allowed = try policy.allow(job)
        try await call { () throws(DockerError) in try await docker.ensureNetwork(configuration.node.network) }
        let found: ImageInspect
        if let known { found = known } else { found = try await presentImage(allowed.image, allowed.pullPolicy) }
        known = found
        let spec = try allowed.spec(on: found)
        let prepared = PreparedStart(spec: spec, readiness: try Readiness(of: found, for: job, spec))
        let folder = StateFolder(owner: configuration.stateOwner, mode: configuration.stateMode)
        try await folder.prepare(configuration.node.stateFolder(gameID: job.gameID))
        CrashPoint.reached(.startPrepared)
        return prepared
    }

    /// Runs the container. Where its name is taken, `makeWay` ends the job or makes way for another try.
    func launch(
        _ prepared: PreparedStart,
        makeWay: () async throws(JobFailure) -> JobEnding?
    ) async throws(JobFailure) -> JobEnding {
        let spec = prepared.spec
        for _ in 0..<Self.longestWaitForRemoval {
            progress.show(JobProgress(.starting))
            do throws(DockerError) {
                let result = try await docker.run(spec)
                CrashPoint.reached(.containerStarted)
                await noteBegin(result, spec, isAwaited: prepared.readiness != nil)
                return started(result, spec)
            } catch {
                if error.code == .startFailed { return startFailed(error, spec) }
                guard error.code == .nameConflict else { throw JobFailure(error) }
            }
            if let ending = try await makeWay() { return ending }
        }
        throw Self.removedForTooLong
    }

    /// Makes way for a container of this job, or ends the job where that is not needed or not allowed.
    private func resolveConflict(_ job: Job, _ spec: RunSpec) async throws(JobFailure) -> JobEnding? {
        guard let container = try await container(named: spec.name) else {
            // The name is taken and nobody is there: the Engine is at it.
            try await waitForRemoval()
            return nil
        }
        switch decisions.start(job, finding: container, endpoint: spec.engineEndpoint, isAnew: isAnew) {
        case .end(let ending): return ending
        case .replace(let id):
            logger.info("replacing a container that has ended", metadata: ["container": "\(id.prefix(12))"])
            try await discard(id)
        case .wait: try await waitForRemoval()
        }
        return nil
    }

    func waitForRemoval() async throws(JobFailure) {
        try? await MonotonicClock.sleep(for: .milliseconds(200))
        if Task.isCancelled { throw JobFailure(.dockerError, "the job was cancelled") }
    }

    private func stop(_ job: Job) async throws(JobFailure) -> JobEnding {
        let container = try await container(named: configuration.node.containerName(gameID: job.gameID))
        switch decisions.stop(job, finding: container) {
        case .end(let ending): return ending
        case .stop(let id):
            guard let outcome = try await stop(id, job) else {
                return JobEnding(.succeeded, effect: .alreadyAbsent)
            }
            guard let container else { return JobEnding(.succeeded, effect: .alreadyAbsent) }
            return decisions.ending(
                outcome.alreadyStopped ? .alreadyStopped : .stopped,
                container,
                forced: outcome.forced
            )
        }
    }

    private func remove(_ job: Job) async throws(JobFailure) -> JobEnding {
        let container = try await container(named: configuration.node.containerName(gameID: job.gameID))
        var forced = false
        let id: String
        switch decisions.remove(job, finding: container) {
        case .end(let ending): return ending
        case .remove(let found): id = found
        case .stopAndRemove(let found):
            id = found
            forced = try await stop(found, job)?.forced ?? false
        }
        try await discard(id)
        guard let container else { return JobEnding(.succeeded, effect: .alreadyAbsent) }
        return decisions.ending(.removed, container, forced: forced)
    }

    /// Stops a container of ours; nil where it is gone. The intent is recorded first, so that whoever sees
    /// the exit knows that it was asked for.
    ///
    /// - Parameter timeout: before SIGKILL; nil: as the job says.
    func stop(_ id: String, _ job: Job, timeout: Duration? = nil) async throws(JobFailure) -> StopOutcome? {
        // A worker that may not stop it must not tell that it does, either.
        guard ChangePermit.isGranted() else { throw JobFailure(ChangePermit.refusal(operation: "stop")) }
        do throws(QueueError) {
            try await queue.tell(.asked(jobID: job.id), of: id)
        } catch {
            throw JobFailure(.internal, "the intent to stop could not be recorded: \(error)", retryable: true)
        }
        CrashPoint.reached(.intentRecorded)
        progress.show(JobProgress(.stopping))
        do throws(DockerError) {
            let outcome = try await place.lent(after: Self.signalTime) { () throws(DockerError) in
                try await docker.stop(id, timeout: timeout ?? .seconds(job.stopTimeoutSeconds))
            }
            CrashPoint.reached(.containerStopped)
            await tellVerdict(outcome, of: id)
            return outcome
        } catch {
            guard error.code == .containerNotFound else { throw JobFailure(error) }
            return nil
        }
    }

    func container(named name: String) async throws(JobFailure) -> ContainerInspect? {
        do throws(DockerError) {
            return try await docker.inspectContainer(name)
        } catch {
            guard error.code == .containerNotFound else { throw JobFailure(error) }
            return nil
        }
    }

    func call<R>(_ body: () async throws(DockerError) -> R) async throws(JobFailure) -> R {
        do throws(DockerError) {
            return try await body()
        } catch {
            throw JobFailure(error)
        }
    }

    private func started(_ result: RunResult, _ spec: RunSpec) -> JobEnding {
        JobEnding(
            .succeeded,
            effect: .started,
            containerID: result.containerID,
            containerName: spec.name,
            engineEndpoint: result.engineEndpoint,
            startedAt: result.startedAt
        )
    }

    private func startFailed(_ error: DockerError, _ spec: RunSpec) -> JobEnding {
        var ending = JobEnding.failed(.startFailed, error.message)
        if let id = error.containerID {
            ending.containerID = id
            ending.containerName = spec.name
        }
        return ending
    }
}

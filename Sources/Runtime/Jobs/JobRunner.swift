import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Runs a job on the Docker Engine, as decided by ``RuntimeCore/ContainerDecisions``.
struct JobRunner: Sendable {
    let docker: any DockerClient
    let queue: any DeliveryQueue
    let configuration: WorkerConfiguration
    let images: RecentImages
    let ownership: ContainerOwnership
    /// Creates the job's logger. Called only for a line to log, because most jobs log nothing.
    let makeLogger: @Sendable () -> Logger
    /// Receives the job's progress.
    let progress: ProgressStore
    /// Receives the job's spans.
    let trace: JobTrace
    /// The job as leased by this worker.
    let claimed: ClaimedJob

    var logger: Logger { makeLogger() }
    var decisions: ContainerDecisions { ContainerDecisions() }
    private var policy: Policy { Policy(configuration.node) }
    static let longestWaitForRemoval = 50
    static let removedForTooLong = JobFailure(
        .nameConflict,
        "the container of that name is being removed for too long",
        retryable: true,
        pace: .brisk
    )
    /// Whether this is the first attempt after an operator's retry of the ended job.
    var isAnew = false
    /// The container started by the job, to be recorded with the job's end.
    var startedNote = StartedNote()
    /// The job's concurrency permit. The job lends the permit to others during a wait.
    let permit: ConcurrencyPermit
    /// Time for the Docker Engine to deliver the signal. After this time, a stop only waits for the game's end.
    private static let signalTime = Duration.seconds(1)

    /// Runs the job to its end.
    ///
    /// - Throws: ``JobFailure`` if the attempt fails. Half-made changes are undone first.
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
            try await launch(prepared) { name async throws(JobFailure) in
                if let ending = try await makeWay(for: job, prepared.spec, named: name) { return ending }
                // Only now: a game that runs already needs no more.
                try await reserve(for: prepared.spec)
                return nil
            }
        }
    }

    /// Prepares a start before the game's container is touched: this worker's policy, network, image, spec, state
    /// folder.
    ///
    /// - Parameter known: The inspection of the image, or nil to inspect the image now, with a pull if the policy
    ///   requires a pull.
    func prepare(_ job: Job, knowing known: inout ImageInspect?) async throws(JobFailure) -> PreparedStart {
        // The job may come from a worker with a more generous operator, or from a time before the current settings.
        let allowed = try policy.allow(job)
        try await call { () throws(DockerError) in try await docker.ensureNetwork(configuration.node.network) }
        let found: ImageInspect
        if let known { found = known } else { found = try await presentImage(allowed.image, allowed.pullPolicy) }
        known = found
        try OwnedContainer.requireNoOwnership(in: found)
        ownership.saw(found)
        let spec = try allowed.spec(on: found, fence: claimed.token.fence, port: claimed.reservation?.port)
        let prepared = PreparedStart(spec: spec, readiness: try Readiness(of: found, for: job, spec))
        let folder = StateFolder(owner: configuration.stateOwner, mode: configuration.stateMode)
        try await folder.prepare(configuration.node.stateFolder(gameID: job.gameID))
        Failpoint.reached(.startPrepared)
        return prepared
    }

    /// Reserves what the image asks for, if that is more than the claim has reserved: the labels of an image may have
    /// limits.
    ///
    /// - Throws: a failure with ``RuntimeCore/JobFailure/isGivenBack`` if the node has no capacity. The job is no longer
    ///   this worker's then.
    func reserve(for spec: RunSpec) async throws(JobFailure) {
        let (demand, reserved) = (Demand(of: spec), claimed.reservation?.demand ?? Demand(cpu: 0, memory: 0))
        guard demand.cpu > reserved.cpu || demand.memory > reserved.memory else { return }
        var backoff = LoopBackoff()
        var failure = ""
        // A repeated call after a lost reply tells what became of the first.
        for _ in 0..<Self.triesToReserve {
            let answer: ReserveAnswer
            do throws(QueueError) {
                answer = try await queue.reserve(demand, for: claimed.held)
            } catch {
                failure = "\(error)"
                await backoff.pause()
                continue
            }
            switch answer {
            case .ok: return
            case .full: throw JobFailure.givenBack("the node has no capacity for the limits of the image")
            case .stale: throw JobFailure.givenBack("the lease was lost before the capacity was reserved")
            }
        }
        throw JobFailure(.internal, "Redis did not reserve capacity: \(failure)", retryable: true)
    }

    private static let triesToReserve = 3

    /// Runs the container.
    ///
    /// - Parameter makeWay: Called before each try. Removes an existing container of the game, or returns the job's
    ///   ending. The argument is the container's name if the Docker Engine reported a name conflict, otherwise nil.
    func launch(
        _ prepared: PreparedStart,
        makeWay: (_ takenName: String?) async throws(JobFailure) -> JobEnding?
    ) async throws(JobFailure) -> JobEnding {
        var spec = prepared.spec
        var takenName: String?
        var takenPorts = 0
        for _ in 0..<Self.longestWaitForRemoval {
            if let ending = try await makeWay(takenName) { return ending }
            progress.show(JobProgress(.starting))
            do throws(DockerError) {
                let result = try await docker.run(spec)
                Failpoint.reached(.containerStarted)
                await noteBegin(result, spec, isAwaited: prepared.readiness != nil || configuration.startSettle > .zero)
                return started(result, spec)
            } catch {
                if error.code == .portTaken, takenPorts < Self.mostTakenPorts,
                    let other = try await otherPort(than: spec, error)
                {
                    spec.published?.port = other
                    takenPorts += 1
                    continue
                }
                guard error.code == .nameConflict else {
                    var failure = JobFailure(error)
                    failure.container = error.containerID.map { .init(id: $0, name: spec.name) }
                    throw failure
                }
            }
            takenName = spec.name
        }
        throw Self.removedForTooLong
    }

    /// The number of ports to try that other programs hold.
    private static let mostTakenPorts = 20

    /// Returns another port of the node's range, because somebody else holds the port; nil if the node has no range.
    ///
    /// - Throws: a failure that may be tried again if all ports of the range are taken.
    private func otherPort(than spec: RunSpec, _ error: DockerError) async throws(JobFailure) -> Int? {
        guard let taken = spec.published?.port else { return nil }
        let answer: PortAnswer
        do throws(QueueError) { answer = try await queue.changePort(for: claimed.held) } catch {
            throw JobFailure(.internal, "Redis did not give another port: \(error)", retryable: true)
        }
        switch answer {
        case .port(let port):
            logger.notice(
                "a port of RTM_ADVERTISE is taken; trying another",
                metadata: ["taken": "\(taken)", "next": "\(port)"]
            )
            return port
        case .none:
            throw JobFailure(.dockerError, "all ports of RTM_ADVERTISE are taken: \(error.message)", retryable: true)
        case .stale: throw JobFailure.givenBack("the lease was lost before another port was reserved")
        }
    }

    /// Removes the game's ended container, or stops and removes a running one if the job is a restart. Returns an ending
    /// if no start is necessary or allowed.
    func makeWay(
        for job: Job,
        _ spec: RunSpec,
        named name: String?
    ) async throws(JobFailure) -> JobEnding? {
        for _ in 0..<Self.longestWaitForRemoval {
            let found = try await container(of: job, named: name)
            let decision =
                job.kind == .restart
                ? decisions.restart(job, finding: found, port: spec.enginePort, isAnew: isAnew)
                : decisions.start(job, finding: found, port: spec.enginePort, isAnew: isAnew)
            switch decision {
            case .end(let ending): return ending
            case .run:
                // The name is taken, but no container has the name: the Docker Engine is removing or creating a
                // container.
                if name != nil { try await waitForRemoval() }
                return nil
            case .replace(let id):
                logger.info("replacing an ended container", metadata: ["container": "\(id.short)"])
                try await discard(id)
            case .replaceRunning(let id):
                try await requireSeenNow(spec)
                _ = try await stop(id, job)
                try await discard(id)
            case .wait: try await waitForRemoval()
            }
        }
        throw Self.removedForTooLong
    }

    func waitForRemoval() async throws(JobFailure) {
        try? await MonotonicClock.sleep(for: .milliseconds(200))
        if Task.isCancelled { throw JobFailure(.dockerError, "the job was cancelled") }
    }

    private func stop(_ job: Job) async throws(JobFailure) -> JobEnding {
        let found = try await container(of: job, named: name(of: job))
        switch decisions.stop(job, finding: found) {
        case .end(let ending):
            guard ending.effect == .alreadyStopped, case .owned(let owned) = found,
                let outcome = try await earlierStop(of: owned.inspect, by: job)
            else { return ending }
            return decisions.ending(.stopped, owned.inspect, forced: outcome.forced)
        case .remove(let container):
            try await discard(container.id)
            return JobEnding(.succeeded, effect: .alreadyAbsent)
        case .stop(let container):
            guard let outcome = try await stop(container.id, job) else {
                return JobEnding(.succeeded, effect: .alreadyAbsent)
            }
            return decisions.ending(
                outcome.alreadyStopped ? .alreadyStopped : .stopped,
                container,
                forced: outcome.forced
            )
        }
    }

    private func remove(_ job: Job) async throws(JobFailure) -> JobEnding {
        let found = try await container(of: job, named: name(of: job))
        var forced = false
        let container: ContainerInspect
        switch decisions.remove(job, finding: found) {
        case .end(let ending): return ending
        case .remove(let found):
            container = found
            forced = try await earlierStop(of: found, by: job)?.forced ?? false
        case .stopAndRemove(let found):
            container = found
            forced = try await stop(found.id, job)?.forced ?? false
        }
        try await discard(container.id)
        return decisions.ending(.removed, container, forced: forced)
    }

    /// Stops a container of this namespace. Returns nil if the container is gone.
    ///
    /// Records the stop request first, so a reader of the exit knows that a job requested the end.
    ///
    /// - Parameter timeout: Time before SIGKILL, or nil for the job's own value.
    func stop(_ id: ContainerID, _ job: Job, timeout: Duration? = nil) async throws(JobFailure) -> StopOutcome? {
        // A worker without permission to stop the container must not record a stop request either.
        guard ChangePermit.isGranted() else { throw JobFailure(ChangePermit.refusal(operation: "stop")) }
        let timeout = timeout ?? .seconds(job.stopTimeoutSeconds)
        let earlier = try await noteIntent(job, toEnd: id, timeout: timeout)
        Failpoint.reached(.intentRecorded)
        progress.show(JobProgress(.stopping))
        do throws(DockerError) {
            let stopped = try await permit.lent(after: Self.signalTime) { () throws(DockerError) in
                try await docker.stop(id.text, timeout: timeout)
            }
            let outcome = await judged(stopped, of: id, earlier)
            Failpoint.reached(.containerStopped)
            await recordStopResult(outcome, of: id)
            return outcome
        } catch {
            guard error.code == .containerNotFound else { throw JobFailure(error) }
            return nil
        }
    }

    /// Returns the container of the job's game.
    ///
    /// - Parameter name: The game's container name, or nil if a foreign container with the name does not matter.
    func container(of job: Job, named name: String?) async throws(JobFailure) -> FoundContainer {
        try await call { () throws(DockerError) in try await ownership.container(of: job.gameID, named: name) }
    }

    func name(of job: Job) -> String { configuration.node.containerName(gameID: job.gameID) }

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
}

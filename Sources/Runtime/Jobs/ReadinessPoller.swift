import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// Waits until the game engine in a container answers, as decided by ``RuntimeCore/Readiness``.
struct ReadinessPoller: Sendable {
    let docker: any DockerClient
    let readiness: Readiness
    let containerID: ContainerID
    /// Hostname for requests to the game engine.
    let hostname: String
    let timeoutSeconds: Int

    /// Waits for the game engine. Returns nil after an answer, otherwise the reason for the failure. The end of the
    /// container ends the wait.
    ///
    /// - Throws: ``RuntimeCore/JobFailure`` if a call to the Docker Engine fails, or if the task is cancelled.
    func run() async throws(JobFailure) -> String? {
        let end = MonotonicClock.now.advanced(by: .seconds(timeoutSeconds))
        var looks = 0
        var isWithoutGateway = false
        while true {
            var step = readiness.step(finding: try await container())
            if case .askThroughGateway(let port) = step {
                let bridge = try await gatewayBridge()
                step = readiness.step(through: bridge, of: containerID, port: port, isAgain: isWithoutGateway)
                isWithoutGateway = step == .wait
            }
            switch step {
            case .ready: return nil
            case .failed(let reason): return reason
            case .ask(let address, let port, let isPublished):
                if await answers(at: GameReadinessProbe(address: address, port: port, isPublished: isPublished)) {
                    return nil
                }
            case .wait, .askThroughGateway: break
            }
            let left = MonotonicClock.now.duration(to: end)
            guard left > .zero else { return readiness.timeout(seconds: timeoutSeconds) }
            try? await MonotonicClock.sleep(for: min(Readiness.pause(beforeLook: looks), left))
            if Task.isCancelled { throw JobFailure(.dockerError, "cancelled while the engine was waited for") }
            looks += 1
        }
    }

    private func container() async throws(JobFailure) -> ContainerInspect? {
        do throws(DockerError) {
            return try await docker.inspectContainer(containerID.text)
        } catch {
            guard error.code == .containerNotFound else { throw JobFailure(error) }
            return nil
        }
    }

    private func gatewayBridge() async throws(JobFailure) -> NetworkInspect? {
        do throws(DockerError) {
            return try await docker.inspectNetwork(DockerNames.gatewayBridge)
        } catch {
            guard error.code == .networkMissing else { throw JobFailure(error) }
            return nil
        }
    }

    private func answers(at probe: GameReadinessProbe) async -> Bool {
        switch readiness.probe {
        case .health: false
        case .port: await probe.isAccepted()
        case .path(let path, let own): await probe.isAnswered(path: path, host: "\(hostname):\(own)")
        }
    }
}

/// The result of a start's preparation, before the game's container is touched.
struct PreparedStart: Sendable {
    var spec: RunSpec
    /// The check for readiness, or nil if the job does not wait for the game engine.
    var readiness: Readiness?
}

extension Readiness {
    /// Creates the check for the game engine of `image`, or returns nil if the job does not wait for the game engine.
    init?(of image: ImageInspect, for job: Job, _ spec: RunSpec) throws(JobFailure) {
        guard job.readyTimeoutSeconds > 0 else { return nil }
        self.init(probe: try ReadinessProbe(image: image, port: spec.enginePort), network: spec.network)
    }
}

extension JobRunner {
    /// Time between SIGTERM and SIGKILL for a game engine that was not ready in time.
    private static let graceOfTheLate = Duration.seconds(10)

    /// Returns the result of a start, after a wait for the game engine if the job requests the wait. If the game engine
    /// does not answer in time, the job removes the container, but never a container started by another job.
    ///
    /// - Parameter ending: The ending of the start without a wait.
    /// - Throws: ``RuntimeCore/JobFailure`` if a call to the Docker Engine fails or the job is cancelled. After a
    ///   cancellation the job first removes its own container.
    func whenReady(
        _ ending: JobEnding,
        _ job: Job,
        _ prepared: PreparedStart
    ) async throws(JobFailure) -> JobEnding {
        guard let readiness = prepared.readiness, ending.outcome == .succeeded, let id = ending.containerID else {
            return ending
        }
        let isOurs = ending.effect == .started
        progress.show(JobProgress(.waitingForReady))
        let wait = ReadinessPoller(
            docker: docker,
            readiness: readiness,
            containerID: id,
            hostname: prepared.spec.hostname,
            timeoutSeconds: job.readyTimeoutSeconds
        )
        let problem: String?
        do throws(JobFailure) {
            problem = try await permit.lent { () throws(JobFailure) in try await wait.run() }
        } catch {
            if Task.isCancelled, isOurs { await withCancellationShield { await removeCancelled(id, job) } }
            throw error
        }
        guard let problem else { return ending }
        if isOurs {
            try await removeLate(id, job)
            return .failed(.notReady, problem)
        }
        var failure = JobEnding.failed(.notReady, problem + "; another job had started it, so it was left as it is")
        failure.containerID = id
        failure.containerName = ending.containerName
        return failure
    }

    private func removeLate(_ id: ContainerID, _ job: Job) async throws(JobFailure) {
        _ = try await stop(id, job, timeout: Self.graceOfTheLate)
        try await discard(id)
    }

    /// Removes the container of a cancelled start. A stop job waits for the removal, so the process has no time to end
    /// by itself.
    func removeCancelled(_ id: ContainerID, _ job: Job) async {
        // The container must go, even if the stop request could not be recorded.
        _ = try? await stop(id, job, timeout: .zero)
        do throws(JobFailure) {
            try await discard(id)
        } catch {
            logger.warning(
                "the container of a cancelled start could not be removed",
                metadata: ["container": "\(id.short)", "error": "\(error)"]
            )
        }
    }
}

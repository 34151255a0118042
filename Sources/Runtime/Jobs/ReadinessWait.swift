import DockerPort
import JobContract
import JobQueue
import Logging
import RuntimeCore

/// Waits until the engine in a container answers: the shell around ``RuntimeCore/Readiness``.
struct ReadinessWait: Sendable {
    let docker: any DockerClient
    let readiness: Readiness
    let containerID: String
    /// Name by which the engine is asked.
    let hostname: String
    let timeoutSeconds: Int

    /// Why the engine does not answer; nil where it does. The end of the container ends the waiting.
    ///
    /// - Throws: ``RuntimeCore/JobFailure`` where the Engine fails, or where the task is cancelled.
    func run() async throws(JobFailure) -> String? {
        let end = MonotonicClock.now.advanced(by: .seconds(timeoutSeconds))
        var looks = 0
        while true {
            switch readiness.step(finding: try await container()) {
            case .ready: return nil
            case .failed(let reason): return reason
            case .ask(let address): if await answers(at: address) { return nil }
            case .wait: break
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
            return try await docker.inspectContainer(containerID)
        } catch {
            guard error.code == .containerNotFound else { throw JobFailure(error) }
            return nil
        }
    }

    private func answers(at address: String) async -> Bool {
        switch readiness.probe {
        case .health: false
        case .port(let port): await EngineKnock(address: address, port: port).isAccepted()
        case .path(let path, let port):
            await EngineKnock(address: address, port: port).isAnswered(path: path, host: "\(hostname):\(port)")
        }
    }
}

/// What a start needs, before the game's container is touched.
struct PreparedStart: Sendable {
    var spec: RunSpec
    /// nil: the engine is not waited for.
    var readiness: Readiness?
}

extension Readiness {
    /// By what the job learns that the engine of `image` is ready; nil where it does not wait for that.
    init?(of image: ImageInspect, for job: Job, _ spec: RunSpec) throws(JobFailure) {
        guard job.readyTimeoutSeconds > 0 else { return nil }
        self.init(probe: try ReadinessProbe(image: image, port: spec.enginePort), network: spec.network)
    }
}

extension JobRunner {
    /// Longest time that an engine which was not ready in time gets to end by itself.
    private static let graceOfTheLate = Duration.seconds(10)

    /// What a start has come to when the engine answers, where the job wants that to be waited for. An engine that
    /// does not answer in time is removed, but for one that another job had started.
    ///
    /// - Parameter ending: the start, as it would end without waiting.
    /// - Throws: ``RuntimeCore/JobFailure`` where the Engine fails or the job is cancelled; in the latter case the
    ///   job's own container has been removed.
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
        let wait = ReadinessWait(
            docker: docker,
            readiness: readiness,
            containerID: id,
            hostname: prepared.spec.hostname,
            timeoutSeconds: job.readyTimeoutSeconds
        )
        let problem: String?
        do throws(JobFailure) {
            problem = try await place.lent { () throws(JobFailure) in try await wait.run() }
        } catch {
            if Task.isCancelled, isOurs { await uncancelled { await removeCancelled(id, job) } }
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

    private func removeLate(_ id: String, _ job: Job) async throws(JobFailure) {
        _ = try await stop(id, job, timeout: Self.graceOfTheLate)
        try await discard(id)
    }

    /// A stop waits for this, so the process gets no time.
    func removeCancelled(_ id: String, _ job: Job) async {
        // Whether its end could be told as asked for or not, it must not stay.
        _ = try? await stop(id, job, timeout: .zero)
        do throws(JobFailure) {
            try await discard(id)
        } catch {
            logger.warning(
                "the container of a cancelled start could not be removed",
                metadata: ["container": "\(id.prefix(12))", "error": "\(error)"]
            )
        }
    }
}

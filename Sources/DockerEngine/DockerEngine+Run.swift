import DockerPort
import NIOHTTP1
import Primitives
import Synchronization

extension DockerEngine {
    package func run(_ spec: RunSpec) async throws(DockerError) -> RunResult {
        // Building the body also validates the whole spec, in the order of the port's rules.
        let attempt = try attempt(spec)
        if let problem = await attempt.mountProblem() { throw problem }
        // Up to here no request has changed anything, so a cancelled task needs no clean-up.
        _ = try await transport.version(for: attempt.create)
        guard !Task.isCancelled else { throw .run(.cancelled, "cancelled before anything was made") }
        let result = await uncancellable { flag in await self.runCured(spec, flag) }
        if case .failure(let error) = result, error.code == .networkMissing {
            networks.withLock { $0.drop(spec.network) }
        }
        return try result.get()
    }

    /// Returns an attempt to run `spec`.
    func attempt(_ spec: RunSpec) throws(DockerError) -> RunAttempt {
        let ulimits = ulimits.withLock { $0 }
        let body = try CreateBody(spec, ulimits: ulimits.asked)
        return RunAttempt(
            engine: self,
            spec: spec,
            body: body,
            create: EngineRequest(
                .create,
                .POST,
                ["containers", "create"],
                query: [("name", spec.name)],
                body: try encodedJSON(body, operation: "run"),
                deadline: configuration.deadlines.create,
                lane: .long
            )
        )
    }
}

/// An attempt to create and start a container.
///
/// A cancellation does not interrupt a request. After a cancellation, the attempt finishes the current step and removes
/// the new container.
struct RunAttempt: Sendable {
    let engine: DockerEngine
    let spec: RunSpec
    let body: CreateBody
    let create: EngineRequest

    func run(cancellation: CancellationFlag) async -> Result<RunResult, DockerError> {
        let id: ContainerID
        do throws(DockerError) {
            id = try await StepObserver.step("create") { () async throws(DockerError) in try await created() }
        } catch {
            return .failure(cancellation.isRaised ? cancelled(error) : error)
        }
        guard !cancellation.isRaised else { return .failure(await undo(id, Self.cancellation)) }
        // Check the paths again: a file may have been replaced since the first check, and the start follows symbolic
        // links again.
        if let problem = await mountProblem() { return .failure(await undo(id, problem)) }
        let verdict = await StepObserver.step("start") { await started(id) }
        guard !cancellation.isRaised else { return .failure(await undo(id, Self.cancellation)) }
        switch verdict {
        case .running(let startedAt, let hostPort):
            return .success(
                RunResult(
                    containerID: id,
                    engineEndpoint: spec.engineEndpoint(hostPort: hostPort),
                    startedAt: startedAt,
                    hostPort: hostPort
                )
            )
        case .endedAtOnce(let error): return .failure(error)
        case .undo(let error): return .failure(await undo(id, error))
        }
    }

    /// Creates the container with `POST /containers/create` and returns its id.
    private func created() async throws(DockerError) -> ContainerID {
        let answer: EngineAnswer
        do throws(DockerError) {
            answer = try await engine.transport.send(create)
        } catch {
            guard error.mayHaveHappened else { throw error }
            throw await undoUnknown(error, mayComeLater: true)
        }
        guard answer.status == 201 else {
            let refusal = DockerError.answer(.create, status: answer.status, body: answer.text)
            if refusal.code == .nameConflict { throw await namingHolder(refusal) }
            guard answer.status >= 500 else { throw refusal }
            throw await undoUnknown(refusal, mayComeLater: false)
        }
        let made: CreatedAnswer
        do throws(DockerError) {
            made = try answer.decode(CreatedAnswer.self, for: create)
        } catch {
            throw await undoUnknown(error, mayComeLater: false)
        }
        let id = ContainerID(made.id)
        guard let refusal = Self.refusal(for: made.warnings ?? []) else { return id }
        throw await undo(id, refusal)
    }

    /// Returns the reason against starting a container with these warnings; nil if the container may start.
    static func refusal(for warnings: [String]) -> DockerError? {
        if let warning = warnings.first(where: { $0.contains("discarded") }) {
            return .run(.engineError, "the Engine cannot apply what was asked: \(printable(warning))")
        }
        if let warning = warnings.first(where: { $0.contains("platform") && $0.contains("does not match") }) {
            return .run(.startFailed, "the image is made for another machine: \(printable(warning))")
        }
        return nil
    }

    /// Returns the reason against the spec's mounts; nil if the worker has no objection. The worker can check only its
    /// own machine, so mounts of a remote Docker Engine pass unchecked.
    func mountProblem() async -> DockerError? {
        guard case .unix = engine.configuration.endpoint else { return nil }
        return await HostPaths.problem(with: spec.bindMounts)
    }

    /// Starts the container with `POST /containers/{id}/start`, then inspects the container.
    private func started(_ id: ContainerID) async -> RunVerdict {
        let request = EngineRequest(
            .start,
            .POST,
            ["containers", id.text, "start"],
            deadline: engine.configuration.deadlines.start,
            lane: .long
        )
        var failure: DockerError?
        do throws(DockerError) {
            _ = try await engine.transport.send(request, expecting: 204, 304)
        } catch {
            if error.code == .containerNotFound {
                return .undo(.run(.startFailed, "the container was removed before it was started", retryable: true))
            }
            // A clear error means that the container does not run. After an unclear error, the inspection decides.
            let isClear = error.status.map { $0 < 500 } ?? !error.mayHaveHappened
            guard !isClear else { return .undo(error) }
            failure = error
        }
        let seen: Result<ContainerAnswer, DockerError>
        do throws(DockerError) {
            seen = .success(try await engine.inspected(id.text, caller: "run"))
        } catch {
            seen = .failure(error)
        }
        return await checkingImage(RunVerdict(startFailure: failure, seen: seen, asked: spec, body: body), seen)
    }

    /// Rejects a container of another image than the inspected image.
    ///
    /// Docker Engines differ in the digest for an image. If the ids differ, the function therefore inspects the
    /// reference once more.
    private func checkingImage(
        _ verdict: RunVerdict,
        _ seen: Result<ContainerAnswer, DockerError>
    ) async -> RunVerdict {
        guard case .running = verdict, case .success(let answer) = seen, let asked = spec.imageID,
            let shown = answer.image, !Self.isSame(shown, asked)
        else { return verdict }
        do throws(DockerError) {
            let now = try await engine.inspectImage(spec.image).id
            guard !Self.isSame(now, asked) else { return verdict }
        } catch {
            guard error.code == .imageNotFound else { return .undo(error) }
        }
        return .undo(.run(.startFailed, "\(spec.image) became another image while it was started", retryable: true))
    }

    /// Compares two image ids. Some Docker Engines leave out the algorithm.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || "sha256:" + one == other || one == "sha256:" + other
    }

    /// Adds to the refusal the id of the container with the same name. The function does not change this container.
    private func namingHolder(_ refusal: DockerError) async -> DockerError {
        var refusal = refusal
        do throws(DockerError) {
            refusal.containerID = try await engine.inspected(spec.name, caller: "run").inspect.id
        } catch {
            // The other container is gone by now, so the name may be free.
            refusal.retryable = error.code == .containerNotFound
        }
        return refusal
    }

    private static let cancellation = DockerError.run(.cancelled, "cancelled; what had been made was removed")

    private func cancelled(_ error: DockerError) -> DockerError {
        var cancelled = Self.cancellation
        cancelled.mayHaveHappened = error.mayHaveHappened
        return cancelled
    }
}

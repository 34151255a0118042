import DockerPort
import NIOHTTP1
import Synchronization

extension DockerEngine {
    package func run(_ spec: RunSpec) async throws(DockerError) -> RunResult {
        // The body checks the whole spec, in the order of the port's rules.
        let attempt = try attempt(spec)
        if let problem = await attempt.mountProblem() { throw problem }
        // What can still be cancelled plainly: nothing has been sent that changes anything.
        _ = try await transport.version(for: attempt.create)
        guard !Task.isCancelled else { throw .run(.cancelled, "cancelled before anything was made") }
        let result = await uncancellable { flag in await self.runCured(spec, flag) }
        if case .failure(let error) = result, error.code == .networkMissing {
            networks.withLock { $0.drop(spec.network) }
        }
        return try result.get()
    }

    /// One try to run `spec`.
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

/// One try to create and start a container. It is not interrupted: where the caller has left, the step under way
/// is ended and what was made is undone.
struct RunAttempt: Sendable {
    let engine: DockerEngine
    let spec: RunSpec
    let body: CreateBody
    let create: EngineRequest

    func run(cancellation: CancellationFlag) async -> Result<RunResult, DockerError> {
        let id: String
        do throws(DockerError) {
            id = try await StepObserver.step("create") { () async throws(DockerError) in try await created() }
        } catch {
            return .failure(cancellation.isRaised ? cancelled(error) : error)
        }
        guard !cancellation.isRaised else { return .failure(await undo(id, Self.cancellation)) }
        // What was looked at before the create may be another file by now, and the start follows links again.
        if let problem = await mountProblem() { return .failure(await undo(id, problem)) }
        let verdict = await StepObserver.step("start") { await started(id) }
        guard !cancellation.isRaised else { return .failure(await undo(id, Self.cancellation)) }
        switch verdict {
        case .running(let startedAt):
            return .success(
                RunResult(containerID: id, engineEndpoint: spec.engineEndpoint, startedAt: startedAt)
            )
        case .endedAtOnce(let error): return .failure(error)
        case .undo(let error): return .failure(await undo(id, error))
        }
    }

    /// `POST /containers/create`; the new container's id.
    private func created() async throws(DockerError) -> String {
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
        guard let refusal = Self.refusal(for: made.warnings ?? []) else { return made.id }
        throw await undo(made.id, refusal)
    }

    /// Why a container with these warnings must not be started; nil where it may be.
    static func refusal(for warnings: [String]) -> DockerError? {
        if let warning = warnings.first(where: { $0.contains("discarded") }) {
            return .run(.engineError, "the Engine cannot apply what was asked: \(printable(warning))")
        }
        if let warning = warnings.first(where: { $0.contains("platform") && $0.contains("does not match") }) {
            return .run(.startFailed, "the image is made for another machine: \(printable(warning))")
        }
        return nil
    }

    /// Why the spec's mounts must not be made. Of an Engine on another machine only that one could tell.
    func mountProblem() async -> DockerError? {
        guard case .unix = engine.configuration.endpoint else { return nil }
        return await HostPaths.problem(with: spec.bindMounts)
    }

    /// `POST /containers/{id}/start`, then a look at the container.
    private func started(_ id: String) async -> RunVerdict {
        let request = EngineRequest(
            .start,
            .POST,
            ["containers", id, "start"],
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
            // Where the answer is clear, the container does not run.
            let isClear = error.status.map { $0 < 500 } ?? !error.mayHaveHappened
            guard !isClear else { return .undo(error) }
            failure = error
        }
        let seen: Result<ContainerAnswer, DockerError>
        do throws(DockerError) {
            seen = .success(try await engine.inspected(id, caller: "run"))
        } catch {
            seen = .failure(error)
        }
        return await checkingImage(RunVerdict(startFailure: failure, seen: seen, asked: spec, body: body), seen)
    }

    /// A container of another image than the one that was looked at is undone. Engines differ in which digest they
    /// show for an image, so where the ids differ the reference is looked at again.
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

    /// Some Engines leave the algorithm out.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || "sha256:" + one == other || one == "sha256:" + other
    }

    /// The refusal with the id of the container that has the name; that one is not touched.
    private func namingHolder(_ refusal: DockerError) async -> DockerError {
        var refusal = refusal
        do throws(DockerError) {
            refusal.containerID = try await engine.inspected(spec.name, caller: "run").id
        } catch {
            // It has gone in the meantime, so the name may be free now.
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

import DockerPort
import JobQueue
import Primitives
import Support

@testable import Runtime

extension SimulatedDocker {
    /// A run goes on where its caller has left, and undoes what it has made.
    func run(_ spec: RunSpec) async throws(DockerError) -> RunResult {
        do { try spec.validateForEngine() } catch {
            throw DockerError(.invalidSpec, operation: "run", message: error.description)
        }
        guard !Task.isCancelled else { throw Self.failed(.cancelled, "run") }
        world.checkPolicy(spec, of: process)
        let id = try await created(spec)
        guard !Task.isCancelled else { throw await undo(id, Self.failed(.cancelled, "run")) }
        var failure: DockerError?
        do throws(DockerError) {
            let takes = Duration.milliseconds(5 + world.dice(world.scenario.longestStart))
            let began = try await call("start", changes: true, isCancellable: false, takes: takes) { $0.start(id) }
            guard began else { throw DockerError(.startFailed, operation: "run", message: "gone", retryable: true) }
        } catch {
            guard error.mayHaveHappened else { throw await undo(id, error) }
            failure = error
        }
        let seen: ContainerInspect
        do throws(DockerError) { seen = try await inspect(id.text, isCancellable: false) } catch {
            throw await undo(id, failure ?? error)
        }
        guard !Task.isCancelled else { throw await undo(id, Self.failed(.cancelled, "run")) }
        guard let startedAt = seen.startedAt else { throw await undo(id, failure ?? Self.failed(.startFailed, "run")) }
        guard seen.isRunning else {
            throw DockerError(.startFailed, operation: "run", message: "ended at once", containerID: id)
        }
        return RunResult(containerID: id, engineEndpoint: spec.engineEndpoint, startedAt: startedAt)
    }

    func created(_ spec: RunSpec) async throws(DockerError) -> ContainerID {
        let made: Result<ContainerID, DockerError>
        do throws(DockerError) {
            made = try await call("create", changes: true, isCancellable: false) { $0.create(spec) }
        } catch {
            guard error.mayHaveHappened else { throw error }
            throw await undoUnknown(spec, error)
        }
        return try made.get()
    }

    func undo(_ id: ContainerID, _ cause: DockerError) async -> DockerError {
        await withinBudget(cause) { () throws(DockerError) in
            try await removed(id.text)
            return false
        }
    }

    /// The create may come later than its client has left.
    func undoUnknown(_ spec: RunSpec, _ cause: DockerError) async -> DockerError {
        await withinBudget(cause) { () throws(DockerError) in
            let found: ContainerInspect
            do throws(DockerError) { found = try await inspect(spec.name, isCancellable: false) } catch {
                guard error.code == .containerNotFound else { throw error }
                return nil
            }
            guard found.labels.hasAll(of: spec.labels) else { return false }
            guard found.status == "created" else { return true }
            try await removed(found.id.text)
            return false
        }
    }

    /// Repeats `step` until it says whether something is left; nil: look again.
    func withinBudget(
        _ cause: DockerError,
        _ step: () async throws(DockerError) -> Bool?
    ) async -> DockerError {
        var cause = cause
        cause.mayHaveHappened = true
        for _ in 0..<Self.cleanup where !process.isDead {
            do throws(DockerError) {
                if let isLeft = try await step() {
                    cause.mayHaveHappened = isLeft
                    return cause
                }
            } catch {
                guard error.retryable || error.code == .unavailable else { return cause }
            }
            _ = await world.scheduler.exchange(
                .init(there: .seconds(1), back: .zero, deadline: .seconds(2), isCancellable: false)
            ) {}
        }
        return cause
    }

    func stop(_ container: String, timeout: Duration) async throws(DockerError) -> StopOutcome {
        let found = try await inspect(container, isCancellable: true)
        guard found.isRunning else { return StopOutcome(alreadyStopped: true) }
        let id = found.id
        do throws(DockerError) {
            let pause = try await call("stop", changes: true) { engine in
                engine.find(id)?.inspect.isRunning == true ? engine.stop(id, timeout: timeout) : nil
            }
            guard let pause else { return StopOutcome(alreadyStopped: true) }
            // The Engine answers when the process has ended; it is not there to be asked while it is away.
            _ = await world.scheduler.exchange(
                .init(there: pause, back: .zero, deadline: .seconds(700), isCancellable: true)
            ) {}
        } catch {
            guard error.mayHaveHappened, error.code != .cancelled else { throw error }
            let after = try await inspect(id.text, isCancellable: true)
            guard !after.isRunning else { throw error }
            return StopOutcome(forced: after.exitCode == 137)
        }
        let after = try await inspect(id.text, isCancellable: true)
        guard !after.isRunning else { throw Self.failed(.timeout, "stop", mayHaveHappened: true) }
        return StopOutcome(forced: after.exitCode == 137)
    }

    func remove(_ container: String) async throws(DockerError) { try await removed(container) }

    func removed(_ container: String) async throws(DockerError) {
        let pause: Duration
        do throws(DockerError) {
            pause = try await call("remove", changes: true, isCancellable: false) { engine in
                engine.find(container).map { engine.remove($0.inspect.id) } ?? .zero
            }
        } catch {
            guard error.mayHaveHappened else { throw error }
            do throws(DockerError) { _ = try await inspect(container, isCancellable: false) } catch let look {
                guard look.code == .containerNotFound else { throw error }
                return
            }
            throw error
        }
        _ = await world.scheduler.exchange(
            .init(there: pause, back: .microseconds(1), deadline: .seconds(2), isCancellable: false)
        ) {}
    }

    func kill(_ container: String, signal: String) async throws(DockerError) {
        try await call("kill", changes: true) { $0.end(ContainerID(container), code: 137, by: .worker) }
    }
}

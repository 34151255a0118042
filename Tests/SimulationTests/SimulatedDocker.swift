import DockerPort
import JobQueue
import Primitives
import Support

@testable import Runtime

/// The port to the Engine of one worker. Each step of an operation is a call of its own that may be lost there or back, and
/// what an operation does about that is what the real adapter does: it looks before it goes on or undoes.
struct SimulatedDocker: DockerClient {
    let process: SimulatedProcess
    let world: World
    let engine: SimulatedEngine

    private static let cleanup = 8

    init(_ process: SimulatedProcess, _ world: World) {
        self.process = process
        self.world = world
        engine = world.engine(of: process.identity.node)
    }

    /// - Parameter changes: whether the call needs the permit of the job's lease.
    private func call<Value: Sendable>(
        _ operation: String,
        changes: Bool = false,
        isCancellable: Bool = true,
        takes: Duration = .zero,
        deadline: Duration = .seconds(4),
        _ body: @escaping @Sendable (SimulatedEngine) -> Value
    ) async throws(DockerError) -> Value {
        if changes, !ChangePermit.isGranted() {
            throw ChangePermit.refusal(operation: operation)
        }
        guard process.lives(.beforeCall) else { throw Self.failed(.cancelled, operation) }
        world.scheduler.note("\(process.identity.id) \(operation)")
        let engine = engine
        var way = world.way(to: engine, deadline: deadline).later(by: world.freezes(process))
        way.isCancellable = isCancellable
        way.back = way.back.map { $0 + takes }
        let isRefused = operation != "ping" && world.isRefusedByEngine
        let reply = await world.scheduler.exchange(way) { () -> Result<Value, DockerError>? in
            guard engine.isUp else { return nil }
            return isRefused ? .failure(Self.refusal(operation)) : .success(body(engine))
        }
        guard process.lives(.afterCall) else { throw Self.failed(.cancelled, operation) }
        switch reply {
        case .answered(let answer?): return try answer.get()
        case .answered(nil): throw SimulatedEngine.away(operation)
        case .unanswered:
            throw DockerError(
                .timeout,
                operation: operation,
                message: "no answer",
                retryable: true,
                mayHaveHappened: true
            )
        case .cancelled: throw Self.failed(.cancelled, operation, mayHaveHappened: true)
        }
    }

    /// An answer that is an error: the Engine is there, and has done nothing.
    private static func refusal(_ operation: String) -> DockerError {
        operation == "start"
            ? DockerError(.startFailed, operation: "run", message: "device is busy", status: 500, retryable: true)
            : DockerError(.unavailable, operation: operation, message: "not now", status: 503, retryable: true)
    }

    private static func failed(
        _ code: DockerError.Code,
        _ operation: String,
        mayHaveHappened: Bool = false
    ) -> DockerError {
        DockerError(code, operation: operation, message: "\(code)", mayHaveHappened: mayHaveHappened)
    }

    // MARK: Looking

    func ensureNetwork(_ name: String) async throws(DockerError) { try await call("network") { _ in } }

    func pullImage(
        _ reference: String,
        policy: PullPolicy,
        progress: (@Sendable (PullProgress) -> Void)?
    ) async throws(DockerError) {
        let takes = Duration.milliseconds(300 + Int(world.scheduler.random() % 1_500))
        let isThere = try await call("pull", takes: takes) { engine in
            guard reference.contains("far") || engine.hasImage(reference) else { return false }
            engine.pulled(reference)
            return true
        }
        if !isThere { throw DockerError(.imageNotFound, operation: "pull", message: "no such image", status: 404) }
    }

    func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspect {
        let isThere = try await call("inspectImage") { $0.hasImage(reference) }
        guard isThere else {
            throw DockerError(.imageNotFound, operation: "inspectImage", message: "no such image", status: 404)
        }
        return ImageInspect(
            ref: reference,
            id: "sha256:" + reference,
            hasHealthcheck: reference == "engine:health"
        )
    }

    func inspectImage(id: String) async throws(DockerError) -> ImageInspect {
        try await call("inspectImageID") { _ in ImageInspect(ref: id, id: id) }
    }

    func inspectContainer(_ container: String) async throws(DockerError) -> ContainerInspect {
        try await inspect(container, isCancellable: true)
    }

    private func inspect(_ container: String, isCancellable: Bool) async throws(DockerError) -> ContainerInspect {
        let found = try await call("inspect", isCancellable: isCancellable) { $0.find(container)?.inspect }
        guard let found else {
            throw DockerError(.containerNotFound, operation: "inspect", message: "no such container", status: 404)
        }
        return found
    }

    func list(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary] {
        try await call("list") { engine in
            engine.all.filter { row in row.labels.hasAll(of: filter.labels) }.map { row in
                ContainerSummary(
                    id: row.id,
                    name: row.name,
                    imageRef: row.imageRef,
                    hostname: filter.inspectsRows ? row.hostname : "",
                    labels: row.labels,
                    status: row.status,
                    health: ["healthy", "unhealthy"].contains(row.health) && row.isRunning ? row.health : "",
                    startedAt: filter.inspectsRows ? row.startedAt : nil
                )
            }
        }
    }

    func eventsListen(since: Timestamp?) async throws(DockerError) -> DockerEvents {
        try await call("events") { $0.subscribe(since: since) }
    }

    func ping() async throws(DockerError) { try await call("ping", deadline: .seconds(3)) { _ in } }

    func startTime() async throws(DockerError) -> Timestamp? { try await call("startTime") { $0.startedAt } }

    func info() async throws(DockerError) -> EngineInfo {
        let node = process.identity.node
        return try await call("info") { _ in
            EngineInfo(id: node, name: node, serverVersion: "0", apiVersion: "1.41", cpus: 2, memoryBytes: 1 << 30)
        }
    }

    // MARK: Changing

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
        do throws(DockerError) { seen = try await inspect(id, isCancellable: false) } catch {
            throw await undo(id, failure ?? error)
        }
        guard !Task.isCancelled else { throw await undo(id, Self.failed(.cancelled, "run")) }
        guard let startedAt = seen.startedAt else { throw await undo(id, failure ?? Self.failed(.startFailed, "run")) }
        guard seen.isRunning else {
            throw DockerError(.startFailed, operation: "run", message: "ended at once", containerID: id)
        }
        return RunResult(containerID: id, engineEndpoint: spec.engineEndpoint, startedAt: startedAt)
    }

    private func created(_ spec: RunSpec) async throws(DockerError) -> String {
        let made: Result<String, DockerError>
        do throws(DockerError) {
            made = try await call("create", changes: true, isCancellable: false) { $0.create(spec) }
        } catch {
            guard error.mayHaveHappened else { throw error }
            throw await undoUnknown(spec, error)
        }
        return try made.get()
    }

    private func undo(_ id: String, _ cause: DockerError) async -> DockerError {
        await withinBudget(cause) { () throws(DockerError) in
            try await removed(id)
            return false
        }
    }

    /// The create may come later than its client has left.
    private func undoUnknown(_ spec: RunSpec, _ cause: DockerError) async -> DockerError {
        await withinBudget(cause) { () throws(DockerError) in
            let found: ContainerInspect
            do throws(DockerError) { found = try await inspect(spec.name, isCancellable: false) } catch {
                guard error.code == .containerNotFound else { throw error }
                return nil
            }
            guard found.labels.hasAll(of: spec.labels) else { return false }
            guard found.status == "created" else { return true }
            try await removed(found.id)
            return false
        }
    }

    /// Repeats `step` until it says whether something is left; nil: look again.
    private func withinBudget(
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
            let after = try await inspect(id, isCancellable: true)
            guard !after.isRunning else { throw error }
            return StopOutcome(forced: after.exitCode == 137)
        }
        let after = try await inspect(id, isCancellable: true)
        guard !after.isRunning else { throw Self.failed(.timeout, "stop", mayHaveHappened: true) }
        return StopOutcome(forced: after.exitCode == 137)
    }

    func remove(_ container: String) async throws(DockerError) { try await removed(container) }

    private func removed(_ container: String) async throws(DockerError) {
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
        try await call("kill", changes: true) { $0.end(container, code: 137) }
    }
}

import JobContract
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

    static let cleanup = 8

    init(_ process: SimulatedProcess, _ world: World) {
        self.process = process
        self.world = world
        engine = world.engine(of: process.identity.node)
    }

    /// - Parameter changes: whether the call needs the permit of the job's lease.
    func call<Value: Sendable>(
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
            return isRefused ? .failure(Self.refusal(operation, changes: changes)) : .success(body(engine))
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
                mayHaveHappened: changes
            )
        case .cancelled: throw Self.failed(.cancelled, operation, mayHaveHappened: changes)
        }
    }

    /// An answer that is an error: the Engine is there, and has done nothing.
    private static func refusal(_ operation: String, changes: Bool) -> DockerError {
        switch (operation, changes) {
        case ("start", _):
            DockerError(.startFailed, operation: "run", message: "device is busy", status: 500, retryable: true)
        case (_, true):
            DockerError(.unavailable, operation: operation, message: "not now", status: 503, retryable: true)
        case (_, false):
            DockerError(.engineError, operation: operation, message: "cannot look", status: 500, retryable: true)
        }
    }

    static func failed(
        _ code: DockerError.Code,
        _ operation: String,
        mayHaveHappened: Bool = false
    ) -> DockerError {
        DockerError(code, operation: operation, message: "\(code)", mayHaveHappened: mayHaveHappened)
    }

    // MARK: Looking

    func ensureNetwork(_ name: String) async throws(DockerError) { try await call("network") { _ in } }

    func inspectNetwork(_ name: String) async throws(DockerError) -> NetworkInspect {
        try await call("inspect network") { _ in NetworkInspect(name: name) }
    }

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

    func inspect(_ container: String, isCancellable: Bool) async throws(DockerError) -> ContainerInspect {
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
            EngineInfo(
                id: node.text,
                name: node.text,
                serverVersion: "0",
                apiVersion: "1.41",
                cpus: 2,
                memoryBytes: 1 << 30
            )
        }
    }
}
